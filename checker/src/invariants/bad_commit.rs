//! I-14 bad commit (ZOOKEEPER-4394): a COMMIT is for the oldest proposal that is not committed.
//!
//! An assertion of ZooKeeper's code. The receiver decides and notes it; here it gets its class.

use crate::detail::{Detail, Protocol};
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::Zxid;

pub(super) fn at_breach(zxid: Zxid, findings: &mut Findings) {
    findings.report(Class::I14, || {
        let rule = "a COMMIT that does not match the oldest proposal";
        Detail::Protocol(Protocol::Packet { rule, zxid })
    });
}
