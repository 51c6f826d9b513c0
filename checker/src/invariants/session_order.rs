//! O4 session order (Programmer's Guide): a session never sees an older state than it has seen.
//!
//! Compared are operations of which one was invoked after the other was answered; a session moves
//! from server to server, so that answers to operations open at the same time may overtake each
//! other. A write has to come after everything that its session has seen.

use crate::clients::position;
use crate::detail::Detail;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{Outcome, RequestId, Zxid};

/// A session is answered; when it asked, it had seen `seen`.
pub(crate) fn at_return(request: RequestId, outcome: Outcome, seen: Zxid, findings: &mut Findings) {
    let Some(position) = position(outcome) else {
        return;
    };
    let is_update = matches!(outcome, Outcome::Written { .. } | Outcome::BadVersion { .. });
    if position < seen || is_update && position == seen {
        findings.report(Class::O4, || Detail::Regress { request, position, seen });
    }
}
