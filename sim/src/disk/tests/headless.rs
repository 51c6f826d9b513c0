//! Files of the log whose header is not there.

use super::*;
use zab_core::Headless;

/// What a process finds, after a power loss, instead of the files that were to begin with these records.
fn headless(contents: NoHeader, counters: &[u32]) -> Vec<Headless> {
    let file = |counter: &u32| Headless { name: Zxid::new(1, *counter), contents };
    counters.iter().map(file).collect()
}

fn after(mut disk: SimDisk, mode: CrashMode) -> Recovered {
    disk.lose_power(mode);
    disk.recover().expect("a power loss does not corrupt")
}

const MODES: [(CrashMode, NoHeader); 2] =
    [(CrashMode::EmptyLog, NoHeader::Nothing), (CrashMode::ZeroedLog, NoHeader::Zeros)];

#[test]
fn a_new_file_may_outlive_its_first_record() {
    for (mode, contents) in MODES {
        let mut disk = busy_disk();
        assert!(disk.complete(File::Log, Lsn(5)));
        assert_eq!(after(disk.clone(), mode).headless, [], "nothing was on its way");
        disk.ask(Lsn(8), DiskOp::Append(txn(4)));
        assert_eq!(after(disk.clone(), mode).headless, [], "its file has a header");
        disk.ask(Lsn(9), DiskOp::RollLog);
        disk.ask(Lsn(10), DiskOp::Append(txn(5)));
        disk.ask(Lsn(11), DiskOp::Append(txn(6)));
        let found = after(disk.clone(), mode);
        assert_eq!(found.headless, headless(contents, &[5]), "one file, named after the first");
        assert_eq!(counters(&found), [1, 2, 3]);
        let plain = after(disk.clone(), CrashMode::LoseAll);
        assert_eq!(plain, Recovered { headless: Vec::new(), ..found }, "all else is the same");
        disk.ask(Lsn(12), DiskOp::Flush);
        assert!(disk.complete(File::Log, Lsn(12)));
        disk.ask(Lsn(13), DiskOp::Append(txn(7)));
        assert_eq!(after(disk, mode).headless, [], "what is durable begins the file");
    }
}

#[test]
fn a_file_that_an_earlier_process_left_may_be_without_its_header_before_one_that_has_it() {
    for (mode, contents) in MODES {
        let mut disk = SimDisk::default();
        disk.ask(Lsn(1), DiskOp::RollLog);
        disk.ask(Lsn(2), DiskOp::Append(txn(1)));
        disk.lose_process();
        disk.ask(Lsn(1), DiskOp::RollLog);
        disk.ask(Lsn(2), DiskOp::Append(txn(2)));
        disk.ask(Lsn(3), DiskOp::Flush);
        assert!(disk.complete(File::Log, Lsn(3)));
        let found = after(disk, mode);
        assert_eq!((counters(&found), found.headless), (vec![2], headless(contents, &[1])));
    }
}

#[test]
fn a_process_that_goes_on_removes_them_and_one_that_asks_for_nothing_does_not() {
    let mut disk = SimDisk::default();
    disk.ask(Lsn(1), DiskOp::RollLog);
    disk.ask(Lsn(2), DiskOp::Append(txn(1)));
    disk.lose_power(CrashMode::ZeroedLog);
    for _ in 0..2 {
        let found = disk.recover().expect("sound");
        assert_eq!(found.headless, headless(NoHeader::Zeros, &[1]));
        disk.lose_process();
    }
    disk.ask(Lsn(1), DiskOp::AcceptedEpoch(Epoch(2)));
    disk.lose_process();
    assert_eq!(disk.recover().expect("sound").headless, []);
}

#[test]
fn a_file_whose_name_is_not_durable_is_none() {
    for (mode, _) in MODES {
        let mut disk = SimDisk::default();
        disk.set_directories(Directories::Strict);
        disk.ask(Lsn(1), DiskOp::RollLog);
        disk.ask(Lsn(2), DiskOp::Append(txn(1)));
        assert_eq!(after(disk, mode), Recovered::default());
    }
}

#[test]
fn a_file_whose_header_cannot_be_written_is_empty_and_one_that_cannot_be_made_is_none() {
    for (error, expected) in [(DiskError::Header, &[4][..]), (DiskError::Open, &[])] {
        let mut disk = disk_without_room_for_a_file(error);
        disk.lose_process();
        let found = disk.recover().expect("sound");
        assert_eq!(found.headless, headless(NoHeader::Nothing, expected), "{error:?}");
        assert_eq!(counters(&found), [1, 2, 3]);
    }
}
