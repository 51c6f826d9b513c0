//! E-6 sequential names (Programmer's Guide): names that clients were told are distinct, and grow.
//!
//! In the order of the transactions that created the nodes. A name that nobody was told may be used again, if its
//! transaction came to nothing.

use crate::detail::{Detail, Session};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::verdict::Class;

/// A client is told the name of its node, the last one so far.
pub(crate) fn at_name(ensemble: &Ensemble, findings: &mut Findings) {
    let Some((told, before)) = ensemble.locks.named.split_last() else {
        return;
    };
    let goes_back = |(zxid, number): &&(_, _)| (*zxid < told.0) != (*number < told.1);
    if let Some(other) = before.iter().find(goes_back) {
        let (before, told) = ((*other).min(*told), (*other).max(*told));
        findings.report(Class::E6, || Detail::Session(Session::NameTwice { told, before }));
    }
}
