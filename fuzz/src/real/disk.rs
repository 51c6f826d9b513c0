//! What a power failure leaves of a server's files.
//!
//! A file's contents are durable as they were when the last completed fsync of it *began*: the server
//! may write on while the disk works. A file that was never synced is gone. Directory entries are
//! durable in the order in which they were made, as journaling file systems keep them: a completed
//! fsync of any file makes those before it durable, so a `rename` that nothing was synced after is
//! undone (ZooKeeper never syncs a directory). A file that is cut short, or emptied to be written once
//! more in its place, is that as well once it is synced or the file system has committed its journal
//! ([`Disk::commit_journal`]). What the kernel writes back by itself, some 30 s later, is an event of its
//! own ([`Disk::settle`]).
//!
//! In *strict* folders, which POSIX allows, an fsync of a file does nothing for any name.

use super::jute::disk::read_log;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use zab_core::Zxid;

/// One file, whatever it is called.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Inode(u64);

type Names = BTreeMap<String, Inode>;

/// What of the journal of a file system is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Journaled {
    /// All that is in it.
    All,
    /// Which files there are, and what they are called.
    Names,
    /// Where files of this kind were cut.
    Cuts(String),
}

/// An fsync that has begun: what it will have made durable when it is done.
#[derive(Clone, Debug)]
pub(crate) struct Flush {
    file: Inode,
    contents: Vec<u8>,
    names: Names,
}

impl Flush {
    /// Whether a record with this zxid is among what it was asked to make durable.
    pub(crate) fn covers(&self, zxid: Zxid) -> bool {
        has_record(&self.contents, zxid)
    }
}

fn has_record(log: &[u8], zxid: Zxid) -> bool {
    read_log(log).is_ok_and(|log| log.records.iter().any(|txn| txn.zxid == zxid))
}

/// The files of one server, as they are and as a power failure would leave them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    next: u64,
    names: Names,
    durable_names: Names,
    contents: BTreeMap<Inode, Vec<u8>>,
    /// What a file held when an fsync of it failed.
    clean: BTreeMap<Inode, Vec<u8>>,
    /// Files that were cut to a length, which is not durable yet.
    cut: BTreeMap<Inode, usize>,
    /// Names are durable only when the kernel has written them back.
    strict: bool,
}

impl Disk {
    /// An empty one, whose names are durable with an fsync of any file or not.
    pub(crate) fn new(strict: bool) -> Self {
        Self { strict, ..Self::default() }
    }

    fn new_file(&mut self, name: &str) -> Inode {
        let inode = Inode(self.next);
        self.next += 1;
        self.names.insert(name.to_owned(), inode);
        inode
    }

    /// A file was opened for writing: a new one, if there was none of that name.
    pub(crate) fn on_open(&mut self, name: &str) {
        if !self.names.contains_key(name) {
            self.new_file(name);
        }
    }

    /// A file was cut short, or emptied as it was opened.
    pub(crate) fn on_cut(&mut self, name: &str, length: usize) {
        if let Some(inode) = self.names.get(name) {
            let cut = self.cut.entry(*inode).or_insert(length);
            *cut = length.min(*cut);
        }
    }

    /// A file has another name, and what had it is gone.
    pub(crate) fn on_rename(&mut self, from: &str, to: &str) {
        if let Some(inode) = self.names.remove(from) {
            self.names.insert(to.to_owned(), inode);
        }
    }

    /// A name is gone.
    pub(crate) fn on_remove(&mut self, name: &str) {
        self.names.remove(name);
    }

    /// An fsync begins on a file that holds this.
    pub(crate) fn on_fsync(&mut self, name: &str, contents: Vec<u8>) -> Flush {
        self.on_open(name);
        Flush { file: self.names[name], contents, names: self.names.clone() }
    }

    /// That fsync has succeeded.
    pub(crate) fn on_fsync_done(&mut self, flush: Flush) {
        let Flush { file, mut contents, names } = flush;
        if let Some(clean) = self.clean.get(&file) {
            let durable = self.contents.get(&file).map_or(&[][..], Vec::as_slice);
            for (at, byte) in contents.iter_mut().enumerate() {
                let before = durable.get(at).copied().unwrap_or(0);
                if clean.get(at) == Some(byte) {
                    *byte = before;
                }
            }
        }
        self.contents.insert(file, contents);
        self.cut.remove(&file);
        if !self.strict {
            self.durable_names = names;
        }
    }

    /// An fsync of a file that holds this has failed. The kernel takes its pages for clean: they can be
    /// read, and no other fsync writes them unless somebody writes them again.
    pub(crate) fn on_fsync_failed(&mut self, name: &str, contents: Vec<u8>) {
        self.on_open(name);
        self.clean.insert(self.names[name], contents);
    }

    /// The kernel has written everything back: what is in the folder now is durable.
    pub(crate) fn settle(&mut self, folder: &Path) -> io::Result<()> {
        self.names.clear();
        self.contents.clear();
        self.clean.clear();
        self.cut.clear();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                let inode = self.new_file(&entry.file_name().to_string_lossy());
                self.contents.insert(inode, std::fs::read(entry.path())?);
            }
        }
        self.durable_names = self.names.clone();
        Ok(())
    }

    /// The file system has committed its journal: which files there are, what they are called, and where
    /// they were cut, is durable; or a part of that.
    pub(crate) fn commit_journal(&mut self, part: &Journaled) {
        if matches!(part, Journaled::All | Journaled::Names) {
            self.durable_names = self.names.clone();
        }
        let names = &self.names;
        let is_meant = |inode: &Inode| match part {
            Journaled::All => true,
            Journaled::Names => false,
            Journaled::Cuts(kind) => names
                .iter()
                .any(|(name, of)| of == inode && name.split('.').next() == Some(kind.as_str())),
        };
        self.cut.retain(|inode, length| {
            if !is_meant(inode) {
                return true;
            }
            if let Some(contents) = self.contents.get_mut(inode) {
                contents.truncate(*length);
            }
            false
        });
    }

    /// What a power failure would leave, by name.
    pub(crate) fn durable(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.durable_names
            .iter()
            .filter_map(|(name, inode)| Some((name.as_str(), self.contents.get(inode)?.as_slice())))
    }

    /// Whether a power failure would leave a record with this zxid in this file.
    pub(crate) fn has_durable(&self, file: &str, zxid: Zxid) -> bool {
        let contents = self.names.get(file).and_then(|inode| self.contents.get(inode));
        contents.is_some_and(|bytes| has_record(bytes, zxid))
    }

    /// The power fails while no process runs: writes what is left, and says which files differ.
    pub(crate) fn power_failure(&mut self, folder: &Path) -> io::Result<Vec<String>> {
        let kept: BTreeMap<&str, &[u8]> = self.durable().collect();
        let mut changes = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_file() && !kept.contains_key(name.as_str()) {
                std::fs::remove_file(entry.path())?;
                changes.push(format!("{name} is gone"));
            }
        }
        for (name, contents) in kept {
            let path = folder.join(name);
            match std::fs::read(&path) {
                Ok(now) if now == *contents => continue,
                Ok(_) => changes.push(format!("{name} is as it was synced")),
                Err(_) => changes.push(format!("{name} is back")),
            }
            std::fs::write(&path, contents)?;
        }
        self.names = self.durable_names.clone();
        self.names.retain(|_, inode| self.contents.contains_key(inode));
        self.cut.clear();
        Ok(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder and its disk; what is done to the one is told to the other, as the gate does.
    struct Machine {
        folder: tempfile::TempDir,
        disk: Disk,
    }

    impl Machine {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("there is room for temporary files");
            Self { folder, disk: Disk::default() }
        }

        fn write(&mut self, name: &str, contents: &str) {
            self.disk.on_open(name);
            std::fs::write(self.folder.path().join(name), contents).expect("it can be written");
        }

        fn begin_fsync(&mut self, name: &str) -> Flush {
            let contents = std::fs::read(self.folder.path().join(name)).expect("it is there");
            self.disk.on_fsync(name, contents)
        }

        fn fsync(&mut self, name: &str) {
            let flush = self.begin_fsync(name);
            self.disk.on_fsync_done(flush);
        }

        fn rename(&mut self, from: &str, to: &str) {
            let path = |name| self.folder.path().join(name);
            std::fs::rename(path(from), path(to)).expect("it is there");
            self.disk.on_rename(from, to);
        }

        fn cut(&mut self, name: &str, length: usize) {
            let path = self.folder.path().join(name);
            let text = std::fs::read_to_string(&path).expect("it is there");
            std::fs::write(&path, &text[..length]).expect("it can be written");
            self.disk.on_cut(name, length);
        }

        fn remove(&mut self, name: &str) {
            std::fs::remove_file(self.folder.path().join(name)).expect("it is there");
            self.disk.on_remove(name);
        }

        fn lose_power(&mut self) -> Vec<(String, String)> {
            self.disk.power_failure(self.folder.path()).expect("the folder can be written");
            let mut files: Vec<_> = std::fs::read_dir(self.folder.path())
                .expect("the folder is there")
                .map(|entry| entry.expect("it can be read").path())
                .map(|path| {
                    let name = path.file_name().expect("a file has a name").to_string_lossy();
                    (name.into_owned(), std::fs::read_to_string(&path).expect("it is text"))
                })
                .collect();
            files.sort();
            files
        }
    }

    fn files(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn what_was_written_after_the_last_fsync_is_gone_and_a_file_that_never_had_one_too() {
        let mut machine = Machine::new();
        machine.write("log.1", "a");
        machine.fsync("log.1");
        machine.write("log.1", "ab");
        machine.write("snapshot.1", "tree");
        assert_eq!(machine.lose_power(), files(&[("log.1", "a")]));
    }

    #[test]
    fn in_strict_folders_a_new_file_is_gone_though_it_was_synced_until_it_is_written_back() {
        let mut machine = Machine::new();
        machine.disk = Disk::new(true);
        machine.write("log.1", "a");
        machine.fsync("log.1");
        machine.disk.settle(machine.folder.path()).expect("the folder can be read");
        machine.write("log.1", "ab");
        machine.fsync("log.1");
        machine.write("log.2", "c");
        machine.fsync("log.2");
        assert_eq!(machine.lose_power(), files(&[("log.1", "ab")]));
    }

    #[test]
    fn an_fsync_covers_what_was_there_when_it_began() {
        let mut machine = Machine::new();
        machine.write("log.1", "a");
        let flush = machine.begin_fsync("log.1");
        machine.write("log.1", "ab");
        machine.disk.on_fsync_done(flush);
        assert_eq!(machine.lose_power(), files(&[("log.1", "a")]));
    }

    #[test]
    fn what_a_failed_fsync_should_have_covered_is_not_covered_by_the_next_one() {
        let mut machine = Machine::new();
        machine.write("log.1", "a");
        machine.fsync("log.1");
        machine.write("log.1", "ab");
        machine.disk.on_fsync_failed("log.1", b"ab".to_vec());
        machine.write("log.1", "abc");
        machine.fsync("log.1");
        assert_eq!(machine.lose_power(), files(&[("log.1", "a\0c")]));
    }

    #[test]
    fn the_journal_makes_a_rename_durable_without_an_fsync() {
        let mut machine = Machine::new();
        machine.write("epoch.tmp", "2");
        machine.fsync("epoch.tmp");
        machine.rename("epoch.tmp", "epoch");
        machine.disk.commit_journal(&Journaled::All);
        assert_eq!(machine.lose_power(), files(&[("epoch", "2")]));
    }

    #[test]
    fn a_cut_is_durable_once_the_file_is_synced_or_the_journal_is_committed() {
        let cut = || {
            let mut machine = Machine::new();
            machine.write("log.1", "abc");
            machine.fsync("log.1");
            machine.cut("log.1", 1);
            machine
        };
        assert_eq!(cut().lose_power(), files(&[("log.1", "abc")]));
        let mut synced = cut();
        synced.fsync("log.1");
        assert_eq!(synced.lose_power(), files(&[("log.1", "a")]));
        let mut committed = cut();
        committed.disk.commit_journal(&Journaled::All);
        assert_eq!(committed.lose_power(), files(&[("log.1", "a")]));
    }

    #[test]
    fn a_part_of_the_journal_can_be_committed_alone() {
        let machine = || {
            let mut machine = Machine::new();
            machine.write("log.1", "abc");
            machine.fsync("log.1");
            machine.write("snapshot.1", "tree");
            machine.fsync("snapshot.1");
            machine.cut("log.1", 1);
            machine.cut("snapshot.1", 0);
            machine.rename("log.1", "log.2");
            machine
        };
        let cuts = |kind: &str| Journaled::Cuts(kind.to_owned());
        for (part, left) in [
            (cuts("snapshot"), [("log.1", "abc"), ("snapshot.1", "")]),
            (cuts("log"), [("log.1", "a"), ("snapshot.1", "tree")]),
            (Journaled::Names, [("log.2", "abc"), ("snapshot.1", "tree")]),
            (Journaled::All, [("log.2", "a"), ("snapshot.1", "")]),
        ] {
            let mut machine = machine();
            machine.disk.commit_journal(&part);
            assert_eq!(machine.lose_power(), files(&left), "{part:?}");
        }
    }

    #[test]
    fn a_file_that_is_written_once_more_in_its_place_may_be_left_empty() {
        let mut machine = Machine::new();
        machine.write("snapshot.1", "tree");
        machine.fsync("snapshot.1");
        machine.cut("snapshot.1", 0);
        machine.write("snapshot.1", "tree");
        machine.disk.commit_journal(&Journaled::All);
        assert_eq!(machine.lose_power(), files(&[("snapshot.1", "")]));
    }

    #[test]
    fn a_rename_is_durable_once_anything_is_synced_after_it() {
        let mut machine = Machine::new();
        machine.write("currentEpoch", "1");
        machine.fsync("currentEpoch");
        machine.write("currentEpoch.tmp", "2");
        machine.fsync("currentEpoch.tmp");
        machine.rename("currentEpoch.tmp", "currentEpoch");
        let mut later = Machine { folder: Machine::new().folder, disk: machine.disk.clone() };
        let wanted = [("currentEpoch", "1"), ("currentEpoch.tmp", "2")];
        assert_eq!(machine.lose_power(), files(&wanted));

        later.write("log.2", "b");
        later.fsync("log.2");
        assert_eq!(later.lose_power(), files(&[("currentEpoch", "2"), ("log.2", "b")]));
    }

    #[test]
    fn a_file_that_was_removed_is_back_unless_anything_was_synced_since() {
        let mut machine = Machine::new();
        machine.write("log.1", "a");
        machine.fsync("log.1");
        machine.remove("log.1");
        assert_eq!(machine.lose_power(), files(&[("log.1", "a")]));
        machine.remove("log.1");
        machine.write("log.2", "b");
        machine.fsync("log.2");
        assert_eq!(machine.lose_power(), files(&[("log.2", "b")]));
    }

    #[test]
    fn a_dead_process_leaves_contents_that_are_not_durable_until_they_are_written_back() {
        let mut machine = Machine::new();
        machine.write("log.1", "a");
        let mut settled = Machine { folder: Machine::new().folder, disk: machine.disk.clone() };
        assert_eq!(machine.lose_power(), files(&[]));
        settled.write("log.1", "a");
        settled.disk.settle(settled.folder.path()).expect("the folder can be read");
        assert_eq!(settled.lose_power(), files(&[("log.1", "a")]));
    }
}
