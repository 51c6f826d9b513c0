//! I-12 bad acknowledgement (ZOOKEEPER-4685): the first answer to NEWLEADER is its acknowledgement.
//!
//! An assertion of ZooKeeper's code. The receiver decides and notes it; here it gets its class.

use crate::detail::{Detail, Protocol};
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::Zxid;

pub(super) fn at_breach(zxid: Zxid, findings: &mut Findings) {
    findings.report(Class::I12, || {
        let rule = "an acknowledgement where that of NEWLEADER was due";
        Detail::Protocol(Protocol::Packet { rule, zxid })
    });
}
