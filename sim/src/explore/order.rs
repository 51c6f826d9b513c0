//! Steps at different servers that commute, of which one order is enough.
//!
//! Two steps commute if both orders lead to the same state, and each of them breaks the same rules
//! before the other one as after it. Of servers that is so whenever each step concerns one server:
//! it takes from the front of what is on the way there, and adds to the end of what is on the way elsewhere.
//! Of the checker it is so as long as the step that is first changes nothing that a rule looks at when
//! another server acts ([`Reach`]).
//!
//! So after a step at one server, a step at a server with a smaller number is left out if it was
//! possible before, and if the step before does not reach it. No state is lost by that, nor a rule
//! that is broken, nor the shortest way to either. For let q be a state, kept as r and then c, and let
//! a be left out there. Then q and a is r, a and c. By induction over the length of the way r and a was
//! met; by the same, or since c is of a greater number than a, so was what c leads to from there; and
//! what a breaks, it broke in r. It matters nothing which way to q was kept.

use super::choice::Choice;
use zab_checker::{Event, Fact};
use zab_core::{File, NodeId, Packet};

/// Whom what a step has shown concerns.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Rules look at it only when the same server acts.
    #[default]
    Own,
    /// The same, but that a leader who commits is asked where that is durable.
    Disk,
    /// Whoever acts next.
    All,
}

impl Reach {
    /// Whom this concerns.
    pub(super) const fn of(event: &Event) -> Self {
        match &event.fact {
            Fact::DiskAsked { .. } | Fact::DiskDone { file: File::AcceptedEpoch, .. } => Self::Own,
            Fact::DiskDone { file: File::Log | File::Snapshot, .. } => Self::Disk,
            Fact::Sent { packet, .. } => Self::of_packet(packet),
            _ => Self::All,
        }
    }

    const fn of_packet(packet: &Packet) -> Self {
        match packet {
            Packet::FollowerInfo { .. }
            | Packet::Diff { .. }
            | Packet::Trunc { .. }
            | Packet::Snap { .. }
            | Packet::Proposal(_)
            | Packet::Commit(_)
            | Packet::NewLeader { .. }
            | Packet::UpToDate
            | Packet::Ping
            | Packet::Request { .. } => Self::Own,
            Packet::Ack(zxid) if !zxid.is_epoch_mark() => Self::Own,
            // What was promised to a leader, and by whom, decides about its epoch.
            _ => Self::All,
        }
    }
}

/// The step by which a state was reached: where it was, and whom it concerns.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Last {
    at: Option<u8>,
    reach: Reach,
}

impl Last {
    /// None, or one after which everything is tried.
    pub(super) const NONE: Self = Self { at: None, reach: Reach::All };

    /// This one.
    pub(super) fn of(choice: Choice, reach: Reach) -> Self {
        Self { at: place(choice).map(|(at, _)| at), reach }
    }

    /// Whether a step after it is left out, because it was tried before it and leads to the same.
    pub(super) fn spares(self, choice: Choice, leads: impl Fn(NodeId) -> bool) -> bool {
        let (Some(last), Some((at, from))) = (self.at, place(choice)) else {
            return false;
        };
        let is_out_of_reach = match self.reach {
            Reach::Own => true,
            Reach::Disk => !leads(NodeId(at)),
            Reach::All => false,
        };
        // What comes from there may have been sent just now.
        is_out_of_reach && at < last && from != Some(last)
    }
}

/// The one server that a step concerns, and from where it comes. Of the others nobody can say that
/// they commute.
const fn place(choice: Choice) -> Option<(u8, Option<u8>)> {
    match choice {
        Choice::Deliver(from, to, _) | Choice::Break(to, from, _) => Some((to, Some(from))),
        Choice::Disk(at, _) | Choice::Turn(at, _) => Some((at, None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::choice::{OnDisk, Thread};
    use super::*;
    use Reach::{All, Disk, Own};

    /// Whether `next` is left out after `first`, which reaches this far; S0 leads.
    fn spares(first: Choice, reach: Reach, next: Choice) -> bool {
        Last::of(first, reach).spares(next, |server| server == NodeId(0))
    }

    #[test]
    fn a_step_is_left_out_only_where_the_one_before_does_not_reach_it() {
        let at = |server| Choice::Turn(server, Thread::LogWriter);
        for (reach, next, is_left_out) in [
            (Own, at(0), true),
            (Own, at(1), true),
            (Disk, at(0), false), // a leader asks where what it commits is durable
            (Disk, at(1), true),
            (All, at(0), false),
            (All, at(1), false),
        ] {
            assert_eq!(spares(at(2), reach, next), is_left_out, "{reach:?} before {next:?}");
        }
    }

    #[test]
    fn of_two_servers_the_one_with_the_smaller_number_acts_first() {
        let at = |server| Choice::Disk(server, OnDisk::Log);
        let left_out: Vec<_> = (0..3).filter(|next| spares(at(1), Own, at(*next))).collect();
        assert_eq!(left_out, [0]);
    }

    #[test]
    fn what_may_have_been_sent_just_now_is_no_step_that_was_possible_before() {
        let sender = Choice::Turn(2, Thread::Sender(0));
        assert!(!spares(sender, Own, Choice::Deliver(2, 0, 0)));
        assert!(!spares(sender, Own, Choice::Break(0, 2, 0)));
        assert!(spares(sender, Own, Choice::Deliver(1, 0, 0)));
    }

    #[test]
    fn faults_elections_and_clients_commute_with_nothing() {
        let at = Choice::Turn(0, Thread::LogWriter);
        for other in [Choice::Kill(2), Choice::Elect(0b110), Choice::Client(2), Choice::Start(2)] {
            assert!(!spares(other, Own, at), "{other:?}");
            assert!(!spares(Choice::Turn(2, Thread::LogWriter), Own, other), "{other:?}");
        }
        assert!(!Last::NONE.spares(at, |_| false));
    }
}
