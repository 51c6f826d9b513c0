//! E-1 ended sessions (PrepRequestProcessor.pRequest2Txn): no transaction of a session takes effect behind its
//! closeSession.
//!
//! In the committed history. What the leader has refused takes a zxid and has no effect.

use crate::detail::{Detail, Session};
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{Change, SessionId, Txn, Zxid};

/// The execution is over, and this is its history.
pub(crate) fn at_end(committed: &[Txn], findings: &mut Findings) {
    let mut ended: Vec<(SessionId, Zxid)> = Vec::new();
    for txn in committed.iter().filter(|txn| has_effect(txn)) {
        let session = txn.request.session;
        if let Some((_, end)) = ended.iter().find(|(of, _)| *of == session) {
            let seen = Session::ActsAfterItsEnd { txn: *txn, end: *end };
            findings.report(Class::E1, || Detail::Session(seen));
        }
        if let Change::CloseSession { .. } = txn.change {
            ended.push((session, txn.zxid));
        }
    }
}

/// Whether it is a transaction of a session that servers keep track of, and changes something.
pub(super) fn has_effect(txn: &Txn) -> bool {
    txn.request.session.is_tracked() && !matches!(txn.change, Change::Refused(_))
}
