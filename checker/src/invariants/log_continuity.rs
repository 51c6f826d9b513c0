//! D3 log continuity (ZOOKEEPER-2418): after the newest snapshot no record is missing.
//!
//! Within an epoch each record has the next zxid, and an epoch begins with 1. A record may also
//! follow the snapshot instead of the last record: memory, and so a snapshot of it, may be ahead of
//! the log, and a snapshot taken from a leader replaces whatever the log held.

use crate::detail::{Detail, OnDisk};
use crate::disk::follows;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{Recovered, Zxid};

/// A record is appended to a log that ended with `last`, beside this snapshot.
pub(crate) fn at_append(last: Zxid, snapshot: Zxid, next: Zxid, findings: &mut Findings) {
    let is_continued = if last < snapshot {
        next <= snapshot || follows(snapshot, next)
    } else {
        follows(last, next)
    };
    if !is_continued {
        let last = last.max(snapshot);
        findings.report(Class::D3, || Detail::Disk(OnDisk::Hole { last, next }));
    }
}

/// A process found this on its disk.
pub(crate) fn at_start(recovered: &Recovered, findings: &mut Findings) {
    let snapshot = recovered.snapshot().last_processed;
    let mut last = Zxid::ZERO;
    for txn in &recovered.log {
        at_append(last, snapshot, txn.zxid, findings);
        last = txn.zxid;
    }
}
