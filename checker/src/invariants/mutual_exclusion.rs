//! E-5 mutual exclusion (ZooKeeper Recipes): no two clients have the lock.
//!
//! A client has the lock from when it sees that its node has the lowest number until it is told that its session has
//! ended. Counted are clients that are connected, and sessions whose closeSession is not committed: who
//! has not been told yet that its session has ended believes in it wrongly, and that is what fencing is for.

use crate::detail::{Detail, Session};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::locks::has_ended;
use crate::verdict::Class;
use zab_core::SessionId;

/// A client sees that it has the lock, or is connected again.
pub(crate) fn at_belief(ensemble: &Ensemble, session: SessionId, findings: &mut Findings) {
    let Ensemble { locks, sequences, committed, .. } = ensemble;
    let is_open = |session| !has_ended(session, *committed, sequences);
    let Some((_, _, number)) = locks.holders().find(|(one, ..)| one.session == session) else {
        return;
    };
    let other = locks.holders().find(|(one, ..)| one.session != session && is_open(one.session));
    if let (Some((one, at, first)), true) = (other, is_open(session)) {
        let (first, second) = ((one.session, first), (session, number));
        findings.report(Class::E5, || Detail::Session(Session::TwoHolders { first, at, second }));
    }
}
