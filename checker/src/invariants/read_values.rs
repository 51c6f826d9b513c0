//! O2 read values (ZOOKEEPER-4646): what a client has read is not lost.
//!
//! A client got the value of that write in an answer before service was back at the end, nobody was
//! told that it is committed (that would be O1), and it is lost as `loss.rs` says. What stands below
//! the position of an answer and was in no answer does not count: nobody can miss what nobody saw.
//! What only the reads at the end show, at a server that differs from the leader, is O3.

use crate::detail::Detail;
use crate::findings::Findings;
use crate::loss::{Knowledge, Losses, clearest};
use crate::verdict::Class;

/// The execution is over, and this is gone.
pub(crate) fn at_end(losses: &Losses, findings: &mut Findings) {
    let gone = losses.gone.iter().filter(|loss| loss.known.how == Knowledge::Read);
    if let Some(loss) = clearest(gone) {
        findings.report(Class::O2, || Detail::Lost(Box::new(loss.clone())));
    }
}
