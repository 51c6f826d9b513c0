//! What of a state makes a difference to what can happen next.
//!
//! Two states that differ only in how something is numbered, or in the time, are one state to
//! whoever runs every order of events with time standing still. [`Hash`] tells them apart; a
//! [`Canonical`] value hands a [`Sink`] everything else, and numbers in the order in which they
//! matter. A sink makes a hash of it, or a text: nothing is copied for that.
//!
//! | left out | why |
//! |---|---|
//! | times, and what counts ticks | time stands still, so no limit passes by itself |
//! | generations of timers | only the newest one of each timer counts, and each role has set its own |
//! | log numbers | what matters is which operation is done, and the order of those that are not |
//! | connection numbers | what matters is which connection it is, and which of two is older |
//! | election rounds and votes that were heard | unless [`Sink::hears_elections`]: elections are chosen |
//!
//! Each impl takes its value apart without `..`, so that a field that is new does not compile before
//! somebody has decided about it.

use crate::ids::{ConnId, Lsn};
use crate::locks::Locks;
use crate::txn::Replica;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::hash::Hash;

/// Where a canonical state goes.
pub trait Sink {
    /// A value in which nothing is numbered.
    fn plain<T: Hash + Debug + ?Sized>(&mut self, value: &T);

    /// The numbers in force.
    fn numbers(&mut self) -> &mut Numbers;

    /// Whether what servers have heard in an election makes a difference.
    fn hears_elections(&self) -> bool;

    /// A connection, by its place.
    fn conn(&mut self, conn: ConnId) {
        let place = self.numbers().conns.iter().position(|other| *other == conn);
        self.plain(&place);
    }

    /// A disk operation, by its place among those that are not done.
    fn lsn(&mut self, lsn: Lsn) {
        let place = self.numbers().lsns.iter().position(|other| *other == lsn);
        self.plain(&place);
    }
}

/// What the numbers in a state stand for.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// The connections that there are, in their order.
    pub conns: Vec<ConnId>,
    /// The operations under way on the disk of the server in hand, in their order.
    pub lsns: Vec<Lsn>,
}

/// A value whose numbers have a canonical form.
pub trait Canonical {
    /// Hands over what makes a difference.
    fn canonical<S: Sink>(&self, sink: &mut S);
}

impl<T: Canonical> Canonical for [T] {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        sink.plain(&self.len());
        self.iter().for_each(|item| item.canonical(sink));
    }
}

impl<T: Canonical> Canonical for VecDeque<T> {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        sink.plain(&self.len());
        self.iter().for_each(|item| item.canonical(sink));
    }
}

impl<T: Canonical> Canonical for Option<T> {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        sink.plain(&self.is_some());
        self.iter().for_each(|item| item.canonical(sink));
    }
}

/// The registers follow from the sequence of transactions. So do sessions and nodes, but for those that a
/// leader cleans up.
impl Canonical for Replica {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self { last_processed, digest, registers: _, locks } = self;
        sink.plain(&(last_processed, digest));
        if *locks != Locks::default() {
            sink.plain(locks);
        }
    }
}
