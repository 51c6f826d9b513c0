//! E-2 expiry told (Programmer's Guide): a client is told that its session has expired only if that is
//! committed.
//!
//! Otherwise its ephemeral nodes may stay, and the client believes that they are gone.

use crate::detail::{Detail, Session};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::locks::has_ended;
use crate::verdict::Class;
use zab_core::SessionId;

/// A client is told so.
pub(crate) fn at_expiry(ensemble: &Ensemble, session: SessionId, findings: &mut Findings) {
    if !has_ended(session, ensemble.committed, &ensemble.sequences) {
        findings.report(Class::E2, || Detail::Session(Session::ExpiredUncommitted(session)));
    }
}
