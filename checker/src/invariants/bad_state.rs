//! I-11 bad state (ZOOKEEPER-3023): no server gets a packet that the phase of its receiver does not
//! expect.
//!
//! An assertion of ZooKeeper's code. The receiver decides and notes it; here it gets its class.

use crate::detail::{Detail, Protocol};
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::Zxid;

pub(super) fn at_breach(zxid: Zxid, findings: &mut Findings) {
    findings.report(Class::I11, || {
        let rule = "a packet that the receiver's phase does not expect";
        Detail::Protocol(Protocol::Packet { rule, zxid })
    });
}
