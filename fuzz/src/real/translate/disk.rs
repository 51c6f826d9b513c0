//! What servers write: logs as far as a line says, epoch files as soon as they are asked to, unless
//! that fails or never comes to an end.

use super::end::Fate;
use super::text::{self, Text};
use std::collections::BTreeSet;
use zab_core::{DiskError, DiskOp, Epoch, File, Lsn, NodeId, Recovered, Zxid};

/// What is known of each server's files.
#[derive(Debug)]
pub(super) struct Disks(Vec<Disk>);

#[derive(Clone, Debug, Default)]
struct Disk {
    /// Records that are asked for and not durable.
    pending: Vec<(Lsn, Zxid)>,
    /// The log writer stands at the gate.
    stands: bool,
    /// Records that earlier processes have left: they can be read, and power takes them.
    left: BTreeSet<Zxid>,
    /// Epochs that are being written.
    epochs: Vec<(File, Lsn, Epoch)>,
    /// Operations that were made to fail, or to stand.
    armed: Vec<(File, Lsn, Fate)>,
    /// The line that brought about what the server does now.
    mark: usize,
}

impl Disks {
    pub(super) fn new(servers: u8) -> Self {
        Self(vec![Disk::default(); servers.into()])
    }

    fn of(&mut self, server: NodeId) -> &mut Disk {
        &mut self.0[server.index()]
    }

    /// The next line brings about what the server does from now on.
    pub(super) fn mark(&mut self, server: NodeId, place: usize) {
        self.of(server).mark = place;
    }

    pub(super) fn on_asked(
        &mut self,
        server: NodeId,
        (lsn, op): (Lsn, &DiskOp),
        fate: Fate,
        text: &mut Text,
    ) {
        let disk = self.of(server);
        match op {
            DiskOp::Append(txn) => {
                disk.pending.push((lsn, txn.zxid));
                if !std::mem::replace(&mut disk.stands, true) {
                    text.line(format!("wait {server} held log"));
                }
                return;
            }
            DiskOp::AcceptedEpoch(epoch) | DiskOp::CurrentEpoch(epoch) => {
                disk.epochs.push((op.file(), lsn, *epoch));
            }
            _ => {}
        }
        if op.file() == File::Log {
            return;
        }
        let name = name(op.file());
        let (before, after) = match fate {
            Fate::Done => return,
            Fate::Failed(error) => (format!("fail {server} {name} {} EIO", step(error)), None),
            Fate::Never if op.file() == File::Snapshot => return,
            Fate::Never => {
                let after = Some(format!("wait {server} held {name}"));
                (format!("hold {server} {name}"), after)
            }
        };
        disk.armed.push((op.file(), lsn, fate));
        text.insert(disk.mark, before);
        after.into_iter().for_each(|line| text.line(line));
    }

    pub(super) fn on_done(&mut self, server: NodeId, (file, upto): (File, Lsn), text: &mut Text) {
        let disk = self.of(server);
        let done = |(lsn, _): &&(Lsn, Zxid)| *lsn <= upto;
        if file == File::Log {
            let last = disk.pending.iter().filter(done).map(|(_, zxid)| *zxid).next_back();
            disk.pending.retain(|(lsn, _)| *lsn > upto);
            disk.stands = !disk.pending.is_empty();
            if let Some(last) = last {
                text.line(format!("flush {server} {}", text::zxid(last)));
            }
        }
        let written = disk.epochs.iter().filter(|(of, lsn, _)| *of == file && *lsn <= upto);
        if let Some((.., epoch)) = written.last() {
            text.line(format!("wait {server} {} {epoch}", name(file)));
        }
        disk.epochs.retain(|(of, lsn, _)| *of != file || *lsn > upto);
    }

    pub(super) fn on_failed(
        &mut self,
        server: NodeId,
        (file, lsn): (File, Lsn),
        error: DiskError,
        text: &mut Text,
    ) {
        let disk = self.of(server);
        let (name, step) = (name(file), step(error));
        if file == File::Log {
            // The log writer stands at the gate: it fails as soon as it may.
            text.line(format!("fail {server} {name} {step} EIO"));
            disk.stands = false;
            let failed: Vec<_> = disk.pending.extract_if(.., |(of, _)| *of <= lsn).collect();
            if error == DiskError::Flush {
                disk.left.extend(failed.into_iter().map(|(_, zxid)| zxid));
            }
        } else {
            disk.armed.retain(|(of, number, _)| (*of, *number) != (file, lsn));
        }
        text.line(format!("wait {server} failed {name} {step}"));
        text.line(format!("mend {server} {name} {step}"));
    }

    pub(super) fn on_settled(&mut self, server: NodeId) {
        self.of(server).left.clear();
    }

    /// The lines with which a process dies so that the next one finds this, if there is a next one.
    pub(super) fn on_crash(
        &mut self,
        server: NodeId,
        power_loss: bool,
        found: Option<&Recovered>,
    ) -> Result<Vec<String>, String> {
        let disk = self.of(server);
        let in_log = |zxid: &Zxid| {
            found.is_some_and(|found| found.log.iter().any(|txn| txn.zxid == *zxid))
        };
        let pending: Vec<Zxid> = disk.pending.drain(..).map(|(_, zxid)| zxid).collect();
        let kept: Vec<Zxid> = pending.into_iter().filter(in_log).collect();
        let mut lines: Vec<String> =
            kept.last().map(|last| format!("write {server} {}", text::zxid(*last))).into_iter().collect();
        let keeps_left = disk.left.iter().any(in_log);
        let loses_left = disk.left.iter().any(|zxid| !in_log(zxid));
        if !power_loss {
            disk.left.extend(kept);
            lines.push(format!("kill {server}"));
        } else if kept.is_empty() && !keeps_left {
            disk.left.clear();
            lines.push(format!("power {server}"));
        } else if !loses_left {
            disk.left.clear();
            lines.push(format!("kill {server}"));
            lines.push(format!("settle {server}"));
        } else {
            let what = "the power takes one record that was written and leaves another one";
            return Err(format!("{server}: {what}"));
        }
        lines.extend(disk.end(server));
        Ok(lines)
    }

    pub(super) fn on_exit(&mut self, server: NodeId) -> Vec<String> {
        let disk = self.of(server);
        disk.pending.clear();
        disk.end(server)
    }
}

impl Disk {
    /// The process is over: what was to stand may happen again.
    fn end(&mut self, server: NodeId) -> Vec<String> {
        self.stands = false;
        self.epochs.clear();
        let armed = self.armed.drain(..);
        armed.map(|(file, ..)| format!("release {server} {}", name(file))).collect()
    }
}

/// What scenarios call a file.
const fn name(file: File) -> &'static str {
    match file {
        File::Log => "log",
        File::Snapshot => "snapshot",
        File::AcceptedEpoch => "acceptedEpoch",
        File::CurrentEpoch => "currentEpoch",
    }
}

const fn step(error: DiskError) -> &'static str {
    match error {
        DiskError::Write => "write",
        DiskError::Flush => "fsync",
    }
}
