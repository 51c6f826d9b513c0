//! E-7 session operations (SessionTrackerImpl.checkSession): a session's operations take effect in the order in
//! which its client asked for them, wherever that was connected.
//!
//! In the committed history. What an old connection still carries is refused once the session goes on at
//! another server (SESSIONMOVED).

use super::ended_sessions::has_effect;
use crate::detail::{Detail, Session};
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{Change, RequestId, Txn};

/// The execution is over, and this is its history.
pub(crate) fn at_end(committed: &[Txn], findings: &mut Findings) {
    let mut last: Vec<RequestId> = Vec::new();
    // closeSession is no client's request.
    let asked = |txn: &&Txn| has_effect(txn) && !matches!(txn.change, Change::CloseSession { .. });
    for request in committed.iter().filter(asked).map(|txn| txn.request) {
        match last.iter_mut().find(|other| other.session == request.session) {
            Some(later) if later.cxid >= request.cxid => {
                let seen = Session::OutOfOrder { request, later: *later };
                findings.report(Class::E7, || Detail::Session(seen));
            }
            Some(earlier) => *earlier = request,
            None => last.push(request),
        }
    }
}
