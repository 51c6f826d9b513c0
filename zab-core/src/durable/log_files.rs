//! How the log is spread over files (`FileTxnLog`, `FilePadding`).
//!
//! A process never appends to a file that an earlier one began: its first record opens a new file,
//! named after it (`FileTxnLog.append`). So does the first record after a snapshot of the log writer
//! (`SyncRequestProcessor.run` rolls the log), and after a TRUNC (`FileTxnSnapLog.truncateLog` opens
//! the log again). A TRUNC cuts one file and removes those after it.
//!
//! A file begins with a header and is preallocated: it is as long as the next multiple of
//! [`PREALLOCATION`], and stays so when it is full. What a TRUNC has cut ends with its last record.
//! All sizes are scaled down together: ZooKeeper preallocates 64 MiB, and a snapshot of
//! [`SNAPSHOT_BYTES`] is to that what 75 MB of data are. A third of it is less than one whole file, so
//! that a leader reads no more for a DIFF than one file and what a TRUNC has left of another.

/// Bytes of the header of a file (`FileHeader`).
pub const HEADER_BYTES: u64 = 16;

/// Bytes of a record.
pub const RECORD_BYTES: u64 = 32;

/// A file that is not cut is a multiple of this long (`zookeeper.preAllocSize`).
pub const PREALLOCATION: u64 = 256;

/// Bytes of a snapshot: what the tree holds besides the registers makes nearly all of it.
pub const SNAPSHOT_BYTES: u64 = 300;

/// The files of a log, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LogFiles {
    files: Vec<LogFile>,
}

/// A file of the log.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
struct LogFile {
    records: usize,
    /// A TRUNC has cut it.
    is_cut: bool,
}

impl LogFile {
    const fn bytes(self) -> u64 {
        let used = HEADER_BYTES + self.records as u64 * RECORD_BYTES;
        if self.is_cut { used } else { used.next_multiple_of(PREALLOCATION) }
    }
}

impl LogFiles {
    /// Files with this many records each, of which nothing was cut.
    pub fn of(records: impl IntoIterator<Item = usize>) -> Self {
        let mut files = Self::default();
        records.into_iter().for_each(|records| files.add(records, u64::MAX));
        files
    }

    /// One more file, of this length. One without records is none.
    pub fn add(&mut self, records: usize, bytes: u64) {
        let mut file = LogFile { records, is_cut: false };
        file.is_cut = bytes < file.bytes();
        if records > 0 {
            self.files.push(file);
        }
    }

    /// A record is appended, to the last file or to a new one.
    pub fn append(&mut self, to_new: bool) {
        match self.files.last_mut() {
            Some(last) if !to_new => last.records += 1,
            _ => self.files.push(LogFile { records: 1, is_cut: false }),
        }
    }

    /// The log is cut after this many records.
    pub fn truncate(&mut self, keep: usize) {
        let mut before = 0;
        self.files.retain_mut(|file| {
            let kept = file.records.min(keep.saturating_sub(before));
            before += file.records;
            file.is_cut |= kept < file.records;
            file.records = kept;
            kept > 0
        });
    }

    /// Whole files are removed, from the first one on, that have this many records together.
    pub fn remove_first(&mut self, records: usize) {
        let mut left = records;
        self.files.retain(|file| {
            let is_removed = left >= file.records && left > 0;
            left = left.saturating_sub(file.records);
            !is_removed
        });
    }

    /// How many records there are.
    pub fn records(&self) -> usize {
        self.files.iter().map(|file| file.records).sum()
    }

    /// The number of the first record of each file, counted from 0.
    pub fn starts(&self) -> impl Iterator<Item = usize> {
        self.files.iter().scan(0, |next, file| {
            let start = *next;
            *next += file.records;
            Some(start)
        })
    }

    /// How long the files are that begin at this record or after it.
    pub(crate) fn bytes_from(&self, record: usize) -> u64 {
        let later = self.starts().zip(&self.files).filter(|(start, _)| *start >= record);
        later.map(|(_, file)| file.bytes()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_preallocated_until_it_is_cut() {
        let mut files = LogFiles::of([7, 8, 1]);
        assert_eq!(files.bytes_from(0), 256 + 512 + 256);
        assert_eq!(files.bytes_from(7), 512 + 256, "the first file is not counted");
        assert_eq!(files.bytes_from(8), 256, "nor is one that begins before");
        files.truncate(9);
        assert_eq!(files.bytes_from(0), 256 + HEADER_BYTES + 2 * RECORD_BYTES);
        files.truncate(7);
        assert_eq!(files, LogFiles::of([7]), "a cut between two files removes whole files");
    }

    #[test]
    fn files_are_removed_whole_and_the_oldest_first() {
        let mut files = LogFiles::of([3, 2, 4]);
        files.remove_first(0);
        assert_eq!(files, LogFiles::of([3, 2, 4]));
        files.remove_first(5);
        assert_eq!(files, LogFiles::of([4]));
        files.remove_first(4);
        assert_eq!(files, LogFiles::default());
    }

    #[test]
    fn a_record_goes_to_the_last_file_unless_the_log_is_rolled() {
        let mut files = LogFiles::default();
        [false, false, true, false].into_iter().for_each(|is_rolled| files.append(is_rolled));
        assert_eq!(files, LogFiles::of([2, 2]));
        assert_eq!((files.records(), files.starts().collect::<Vec<_>>()), (4, vec![0, 2]));
    }
}
