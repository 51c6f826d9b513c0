//! What servers write: logs as far as a line says, epoch files as soon as they are asked to, unless
//! that fails or never comes to an end.

use super::end::Fate;
use super::text::{self, Place, Text};
use std::collections::{BTreeMap, BTreeSet};
use zab_core::{DiskError, DiskOp, Epoch, File, Lsn, NodeId, Recovered, Zxid};
use zab_sim::Schedule;

/// What is known of each server's files.
#[derive(Debug)]
pub(super) struct Disks(Vec<Disk>);

#[derive(Clone, Debug, Default)]
struct Disk {
    /// Records that are asked for and not durable.
    pending: Vec<(Lsn, Zxid)>,
    /// Records that can be read and that nobody is about to make durable: power takes them.
    left: BTreeSet<Zxid>,
    /// Epochs that are being written.
    epochs: Vec<(File, Lsn, Epoch)>,
    /// Epochs that have been written.
    written: BTreeMap<File, Epoch>,
    /// Operations that stand, and what scenarios call them.
    armed: Vec<(File, Lsn, &'static str)>,
    /// The lines with which the log fails. Nobody notices before the role ends, and real servers end it
    /// as soon as it fails.
    failing: Vec<String>,
    /// The log has failed in this role. What is written to it from then on, the main thread writes when
    /// it ends the role (`SyncRequestProcessor.shutdown`): these lines wait for that.
    late: Option<Vec<String>>,
    /// The main thread ends the role, and waits for what is written: what fails now fails at once.
    leaving: bool,
    /// The line that brought about what the server does now.
    mark: Place,
    /// Its log was cut by this operation, which is not durable.
    cut: Option<Lsn>,
    /// A log file was begun, and its header could not be written.
    headless: bool,
    /// A snapshot was emptied, to be written once more in its place, which is not durable.
    emptied: bool,
    /// What fails for as long as the process lives.
    broken: Vec<String>,
    /// Only the kernel makes names durable, when it writes everything back.
    strict: bool,
}

impl Disks {
    pub(super) fn new(schedule: &Schedule) -> Self {
        let disk = Disk { strict: !schedule.directories.are_lenient(), ..Disk::default() };
        Self(vec![disk; schedule.servers.into()])
    }

    fn of(&mut self, server: NodeId) -> &mut Disk {
        &mut self.0[server.index()]
    }

    /// The next line brings about what the server does from now on.
    pub(super) fn mark(&mut self, server: NodeId, place: Place) {
        self.of(server).mark = place;
    }

    /// Puts lines before the one that brought about what the server does now.
    pub(super) fn before_mark(&mut self, server: NodeId, lines: Vec<String>, text: &mut Text) {
        for line in lines {
            text.insert(self.of(server).mark, line);
        }
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
            DiskOp::Append(txn) => disk.pending.push((lsn, txn.zxid)),
            // What was appended can be read as soon as it is about to be flushed.
            DiskOp::Flush | DiskOp::FlushFile => {
                if let Some((_, last)) = disk.pending.last() {
                    let line = match fate {
                        // A new file is opened before anything of it is held.
                        Fate::Failed(DiskError::Open) => {
                            text.insert(disk.mark, format!("hold {server} log open"));
                            format!("wait {server} held log open")
                        }
                        Fate::Failed(DiskError::Write | DiskError::Header) => {
                            format!("wait {server} held log")
                        }
                        _ => format!("write {server} {}", text::zxid(*last)),
                    };
                    disk.later(text, [line]);
                }
            }
            DiskOp::Truncate(_) => disk.cut = Some(lsn),
            // A part of writing it.
            DiskOp::EmptySnapshot(_) => {
                disk.emptied = true;
                return;
            }
            _ => disk.epochs.extend(op.epoch().map(|epoch| (op.file(), lsn, epoch))),
        }
        if op.file() == File::Log {
            return;
        }
        let what = match (fate, op.file()) {
            (Fate::Done, _) => return,
            // It is there by then, and empty.
            (Fate::Never, File::Snapshot) => "snapshot write",
            (_, file) => name(file),
        };
        // It stands until it fails, or as long as its process lives.
        disk.armed.push((op.file(), lsn, what));
        text.insert(disk.mark, format!("hold {server} {what}"));
        text.line(format!("wait {server} held {what}"));
    }

    pub(super) fn on_done(&mut self, server: NodeId, (file, upto): (File, Lsn), text: &mut Text) {
        let disk = self.of(server);
        let done = |(lsn, _): &&(Lsn, Zxid)| *lsn <= upto;
        if file == File::Log {
            let last = disk.pending.iter().filter(done).map(|(_, zxid)| *zxid).next_back();
            disk.pending.retain(|(lsn, _)| *lsn > upto);
            if let Some(last) = last {
                disk.later(text, [format!("flush {server} {}", text::zxid(last))]);
            }
        }
        let mut written = disk.epochs.iter().filter(|(of, lsn, _)| *of == file && *lsn <= upto);
        if let Some((.., epoch)) = written.next_back() {
            text.line(format!("wait {server} {} {epoch}", name(file)));
            disk.written.insert(file, *epoch);
        }
        disk.epochs.retain(|(of, lsn, _)| *of != file || *lsn > upto);
        disk.commit_journal(server, (file, upto), text);
    }

    pub(super) fn on_failed(
        &mut self,
        server: NodeId,
        (file, lsn): (File, Lsn),
        error: DiskError,
        text: &mut Text,
    ) {
        let disk = self.of(server);
        let (name, step) = (name(file), step(file, error));
        disk.headless |= error == DiskError::Header;
        if file == File::Log {
            // The log writer stands at the gate: it fails as soon as it may. The header of a new log
            // does not.
            let mut lines = vec![format!("fail {server} {name} {step} EIO")];
            if error == DiskError::Open {
                lines.push(format!("release {server} {name} {step}"));
            }
            if disk.late.is_some() || disk.leaving {
                disk.later(text, lines);
            } else {
                disk.failing.extend(lines);
            }
            let failed: Vec<_> = disk.pending.extract_if(.., |(of, _)| *of <= lsn).collect();
            if error == DiskError::Flush {
                disk.left.extend(failed.into_iter().map(|(_, zxid)| zxid));
            }
        } else {
            disk.armed.retain(|(of, number, _)| (*of, *number) != (file, lsn));
            text.line(format!("fail {server} {name} {step} EIO"));
            text.line(format!("release {server} {name}"));
        }
        let failed = format!("wait {server} failed {name} {step}");
        let mend = format!("mend {server} {name} {step}");
        if file == File::Snapshot {
            // What could not be written stays in the buffer, and the end of the stream writes it again
            // (`FilterOutputStream.close`): both are the model's one write.
            text.line(failed);
            disk.broken.push(mend);
        } else if file == File::Log && !disk.leaving {
            match &mut disk.late {
                Some(late) => late.extend([failed, mend]),
                None => disk.failing.extend([failed, mend]),
            }
            disk.late.get_or_insert_default();
        } else {
            text.line(failed);
            text.line(mend);
        }
    }

    /// The role is about to end: what was to fail fails.
    pub(super) fn before_end(&mut self, server: NodeId, text: &mut Text) {
        let failing = std::mem::take(&mut self.of(server).failing);
        failing.into_iter().for_each(|line| text.line(line));
    }

    /// The main thread has begun to end its role.
    pub(super) fn on_stepped_down(&mut self, server: NodeId, text: &mut Text) {
        let disk = self.of(server);
        disk.leaving = true;
        let late = disk.late.take();
        late.into_iter().flatten().for_each(|line| text.line(line));
    }

    /// The role is over.
    pub(super) fn on_looking(&mut self, server: NodeId) {
        self.of(server).leaving = false;
    }

    /// There is nothing on the disk any more.
    pub(super) fn on_blanked(&mut self, server: NodeId) {
        let disk = self.of(server);
        disk.left.clear();
        disk.written.clear();
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
        let in_log =
            |zxid: &Zxid| found.is_some_and(|found| found.log.iter().any(|txn| txn.zxid == *zxid));
        disk.left.extend(disk.pending.drain(..).map(|(_, zxid)| zxid));
        let mut lines = Vec::new();
        // What a killed process had asked for of its epoch files is there.
        for (file, _, epoch) in &disk.epochs {
            if found.map(|found| epoch_in(found, *file)) == Some(*epoch) {
                lines.push(format!("wait {server} {} {epoch}", name(*file)));
            }
        }
        if !power_loss {
            lines.push(format!("kill {server}"));
        } else if !disk.left.iter().any(in_log) {
            disk.left.clear();
            // An epoch that was reported as written is on the model's disk, unless the power has
            // undone its name.
            let is_there = |(file, epoch): (&File, &Epoch)| {
                found.is_none_or(|found| epoch_in(found, *file) == *epoch)
            };
            if !disk.strict && disk.written.iter().all(is_there) {
                lines.push(format!("journal {server} names"));
            }
            lines.push(format!("power {server}"));
        } else if disk.left.iter().all(in_log) {
            disk.left.clear();
            lines.push(format!("kill {server}"));
            lines.push(format!("settle {server}"));
        } else {
            let what = "the power takes one record that was written and leaves another one";
            return Err(format!("{server}: {what}"));
        }
        lines.extend(disk.end(server));
        if power_loss {
            disk.written.clear();
        }
        Ok(lines)
    }

    /// The lines with which a process ends by itself. One that has left a log without a header lives on
    /// in the real world; once its role is over it does nothing more where it cannot read that: an
    /// operator ends it, and removes the file.
    pub(super) fn on_exit(
        &mut self,
        server: NodeId,
        reads_on: bool,
        peers: &[NodeId],
    ) -> Vec<String> {
        let disk = self.of(server);
        disk.pending.clear();
        let mut lines = Vec::new();
        if !disk.headless {
            lines.push(format!("wait {server} down"));
        } else {
            if !reads_on {
                lines.extend(peers.iter().map(|peer| format!("end {server} > {peer}")));
                lines.push(format!("wait {server} says Unable to load database on disk"));
            }
            lines.extend([format!("kill {server}"), format!("sweep {server}")]);
        }
        lines.extend(disk.end(server));
        lines
    }
}

impl Disk {
    /// A flush has made the model's file system commit its journal. That a snapshot was emptied is in it
    /// with a flush of any file, that the log was cut with a flush of the log.
    fn commit_journal(&mut self, server: NodeId, (file, upto): (File, Lsn), text: &mut Text) {
        let empties = self.emptied && file != File::Snapshot;
        let cuts = file == File::Log && self.cut.is_some_and(|cut| cut <= upto);
        if !empties && !cuts {
            return;
        }
        self.emptied &= !empties;
        self.cut = self.cut.filter(|_| !cuts);
        let line = match cuts {
            true if self.strict => format!("journal {server} log"),
            true => format!("journal {server}"),
            false => format!("journal {server} snapshot"),
        };
        match file {
            File::Log => self.later(text, [line]),
            _ => text.line(line),
        }
    }

    /// Lines about the log: now, or when the main thread writes it.
    fn later(&mut self, text: &mut Text, lines: impl IntoIterator<Item = String>) {
        match &mut self.late {
            Some(late) => late.extend(lines),
            None => lines.into_iter().for_each(|line| text.line(line)),
        }
    }

    /// The process is over: what was to stand may happen again.
    fn end(&mut self, server: NodeId) -> Vec<String> {
        self.epochs.clear();
        self.late = None;
        (self.cut, self.emptied, self.headless, self.leaving) = (None, false, false, false);
        let armed = self.armed.drain(..);
        let released = armed.map(|(.., what)| format!("release {server} {what}"));
        released.chain(self.broken.drain(..)).collect()
    }
}

/// What a process finds in one of its epoch files.
const fn epoch_in(found: &Recovered, file: File) -> Epoch {
    match file {
        File::AcceptedEpoch => found.accepted_epoch,
        _ => found.current_epoch,
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

const fn step(file: File, error: DiskError) -> &'static str {
    match error {
        DiskError::Write if matches!(file, File::Log) => "append",
        DiskError::Write => "write",
        // Not every release forces snapshots to the disk.
        DiskError::Flush if matches!(file, File::Snapshot) => "write",
        DiskError::Flush => "fsync",
        DiskError::Header => "write",
        DiskError::Open => "open",
    }
}

#[cfg(test)]
mod tests;
