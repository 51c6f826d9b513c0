//! O6 resurrection (TLA CommittedLogMonotonicity): a write that clients know of is not lost to an
//! epoch, even if it comes back.
//!
//! While it was away, other writes were decided and other clients answered as if it had never
//! been. At the end the leader has it: nothing is lost, and the order that clients saw is broken.

use crate::detail::Detail;
use crate::findings::Findings;
use crate::loss::{Losses, clearest};
use crate::verdict::Class;

/// The execution is over, and this came back.
pub(crate) fn at_end(losses: &Losses, findings: &mut Findings) {
    if let Some(loss) = clearest(losses.back.iter()) {
        findings.report(Class::O6, || Detail::Lost(Box::new(loss.clone())));
    }
}
