//! O7 order (Programmer's Guide): the order of the committed transactions explains every answer.
//!
//! Updates are linearizable and take effect once, answers give what the order leads to, and no read
//! shows what nobody had asked for yet: the clauses of the certificate (`certificate.rs`) that are
//! not about a session (O4). An answer that shows a lost write is told as that loss and not again.

use crate::certificate::{Anomaly, Clause};
use crate::detail::Detail;
use crate::findings::Findings;
use crate::loss::Losses;
use crate::verdict::Class;
use zab_core::RequestId;

/// The execution is over, and this clause does not hold.
pub(crate) fn at_end(anomaly: Anomaly, request: Option<RequestId>, findings: &mut Findings) {
    let Anomaly { clause, what, .. } = anomaly;
    let class = match clause {
        Clause::S1 => Class::O4,
        Clause::L1 | Clause::L2 | Clause::L3 | Clause::V | Clause::S3 | Clause::X1 | Clause::X2 => {
            Class::O7
        }
    };
    findings.report(class, || Detail::Clause { clause, request, what });
}

/// Whether the answer to this request is told already as a loss: it acknowledged what was lost, or
/// read it.
pub(crate) fn is_told(losses: &Losses, request: RequestId) -> bool {
    let lost = [&losses.gone, &losses.back, &losses.undecided].into_iter().flatten();
    lost.into_iter().any(|loss| loss.txn.request == request || loss.known.request == request)
}
