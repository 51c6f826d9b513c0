//! O1 acknowledged writes (ZOOKEEPER-4643): a write that a client was told is committed is not
//! lost.
//!
//! Lost is what a later epoch began without, and what the leader of the newest epoch lacks at the
//! end (see `loss.rs`). It does not matter whether the client hears of the commit before or after
//! that. A write that one server lacks while the leader serves it is not lost: that is O3 or O8. A
//! rejection of a conditional write is no write.

use crate::detail::Detail;
use crate::findings::Findings;
use crate::loss::{Knowledge, Losses, clearest};
use crate::verdict::Class;

/// The execution is over, and this is gone.
pub(crate) fn at_end(losses: &Losses, findings: &mut Findings) {
    let gone = losses.gone.iter().filter(|loss| loss.known.how == Knowledge::Acknowledged);
    if let Some(loss) = clearest(gone) {
        findings.report(Class::O1, || Detail::Lost(Box::new(loss.clone())));
    }
}
