//! D3 log continuity (ZOOKEEPER-2418): behind the newest snapshot no record is missing.
//!
//! Within an epoch each record has the next zxid, and an epoch begins with 1. A record may also
//! follow the snapshot instead of the last record: memory, and so a snapshot of it, may be ahead of
//! the log, and a snapshot taken from a leader replaces whatever the log held.

use crate::ensemble::Server;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{Recovered, Txn, Zxid};

/// A record is about to be appended.
pub(crate) fn at_append(server: &Server, txn: &Txn, findings: &mut Findings) {
    let files = server.disk.asked();
    let last = files.log().last().map_or(Zxid::ZERO, |txn| txn.zxid);
    check(last, files.snapshot().last, txn.zxid, findings);
}

/// A process found this on its disk.
pub(crate) fn at_start(recovered: &Recovered, findings: &mut Findings) {
    let snapshot = recovered.snapshot.last_processed;
    let mut last = Zxid::ZERO;
    for txn in &recovered.log {
        check(last, snapshot, txn.zxid, findings);
        last = txn.zxid;
    }
}

fn check(last: Zxid, snapshot: Zxid, next: Zxid, findings: &mut Findings) {
    let is_continued = if last < snapshot {
        next <= snapshot || follows(last, next) || follows(snapshot, next)
    } else {
        follows(last, next)
    };
    if !is_continued {
        let before = last.max(snapshot);
        findings.report(Class::D3, || format!("the log goes on with {next} behind {before}"));
    }
}

fn follows(last: Zxid, next: Zxid) -> bool {
    let counter = if next.epoch > last.epoch { 1 } else { last.counter.saturating_add(1) };
    next.epoch >= last.epoch && next.counter == counter
}
