//! I-13 bad proposal (ZOOKEEPER-4925): a proposal follows the last one of its epoch without a gap.
//!
//! An assertion of ZooKeeper's code. The receiver decides and notes it; here it gets its class.

use crate::detail::{Detail, Protocol};
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::Zxid;

pub(super) fn at_breach(zxid: Zxid, findings: &mut Findings) {
    findings.report(Class::I13, || {
        let rule = "a proposal that does not follow the one before it";
        Detail::Protocol(Protocol::Packet { rule, zxid })
    });
}
