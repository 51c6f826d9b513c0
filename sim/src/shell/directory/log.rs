//! The files of the log, `log.EPOCH.COUNTER`, each named after its first record: a header, records,
//! and zeros up to the next multiple of the preallocation (`FileTxnLog`, `FilePadding`).
//!
//! A file is never appended to by another process than the one that began it.

use super::files::{name, named};
use crate::disk::record::{self, RECORD};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use zab_core::log_files::{HEADER_BYTES, LogFiles, PREALLOCATION, RECORD_BYTES};
use zab_core::{Headless, NoHeader, Txn, Zxid};

const _: () = assert!(RECORD as u64 == RECORD_BYTES);

/// Prefix of the names of the files.
const LOG: &str = "log.";

/// The header: magic number, version and database, as ZooKeeper has them.
const HEADER: [u8; HEADER_BYTES as usize] = *b"ZKLG\0\0\0\x02\0\0\0\0\0\0\0\0";

/// The log of the process that runs: where it appends.
pub(super) struct Log {
    folder: PathBuf,
    /// The file that it began last, and how much of it is in use.
    file: Option<(Zxid, File, u64)>,
    /// What is appended and could not be written yet, and the zxid that its file has to have.
    buffer: Vec<(Txn, bool)>,
    is_rolled: bool,
}

impl Log {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { folder, file: None, buffer: Vec::new(), is_rolled: true }
    }

    /// The next record begins a new file.
    pub(super) const fn roll(&mut self) {
        self.is_rolled = true;
    }

    /// Appends a record. What cannot be written is tried again with the next flush, which reports it.
    pub(super) fn append(&mut self, txn: &Txn) {
        self.buffer.push((*txn, std::mem::take(&mut self.is_rolled)));
        let _ = self.write();
    }

    /// Writes what was appended, as far as that is possible.
    pub(super) fn write(&mut self) -> io::Result<()> {
        while let Some((txn, begins_file)) = self.buffer.first().copied() {
            if begins_file && self.file.as_ref().is_none_or(|(first, ..)| *first != txn.zxid) {
                self.begin(txn.zxid)?;
            }
            let (_, file, used) = self.file.as_mut().expect("the first record begins a file");
            let mut bytes = Vec::with_capacity(RECORD);
            record::encode(&txn, &mut bytes);
            file.set_len((*used + RECORD_BYTES).next_multiple_of(PREALLOCATION))?;
            file.seek(SeekFrom::Start(*used))?;
            file.write_all(&bytes)?;
            *used += RECORD_BYTES;
            self.buffer.remove(0);
        }
        Ok(())
    }

    /// Begins a file, in the place of another of that name (`new FileOutputStream`).
    fn begin(&mut self, first: Zxid) -> io::Result<()> {
        // The process continues without what it found there.
        for (_, path) in headless(&self.folder)? {
            fs::remove_file(path)?;
        }
        let mut file = File::create(self.folder.join(name(LOG, first)))?;
        file.write_all(&HEADER)?;
        self.file = Some((first, file, HEADER_BYTES));
        Ok(())
    }

    /// Flushes the file that it began last.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), |(_, file, _)| file.sync_all())
    }

    /// Opens the file in which it appends once more: another one has taken its place.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        if let Some((first, file, _)) = &mut self.file {
            *file = OpenOptions::new().write(true).open(self.folder.join(name(LOG, *first)))?;
        }
        Ok(())
    }

    /// Cuts the file in which this zxid lies after it, and removes those that follow
    /// (`FileTxnLog.truncate`).
    pub(super) fn truncate(&mut self, zxid: Zxid) -> io::Result<()> {
        self.write()?;
        (self.file, self.is_rolled) = (None, true);
        let mut is_cut = zxid == Zxid::ZERO;
        for path in paths(&self.folder)? {
            let records = records(&path)?;
            let keep = records.iter().position(|txn| txn.zxid > zxid);
            let keep = if is_cut { 0 } else { keep.unwrap_or(records.len()) };
            match keep {
                0 => fs::remove_file(&path)?,
                keep if keep < records.len() => cut(&path, keep)?,
                _ => continue,
            }
            is_cut = true;
        }
        Ok(())
    }
}

/// Cuts a file after that many records, and makes that durable.
fn cut(path: &Path, records: usize) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(HEADER_BYTES + (records * RECORD) as u64)?;
    file.sync_all()
}

/// The files, oldest first.
pub(super) fn paths(folder: &Path) -> io::Result<impl Iterator<Item = PathBuf> + use<>> {
    Ok(named(folder, LOG)?.into_iter().map(|(_, path)| path))
}

/// The records of a file: none if it does not begin with a header, which is written first.
fn records(path: &Path) -> io::Result<Vec<Txn>> {
    let bytes = fs::read(path)?;
    let records = bytes.strip_prefix(&HEADER).map_or(Ok(Vec::new()), record::scan);
    records.map_err(io::Error::other)
}

/// The files that do not begin with a header, oldest first.
pub(super) fn headless(folder: &Path) -> io::Result<impl Iterator<Item = (Headless, PathBuf)>> {
    let mut found = Vec::new();
    for (name, path) in named(folder, LOG)? {
        let mut head = Vec::new();
        File::open(&path)?.take(HEADER_BYTES).read_to_end(&mut head)?;
        let contents = if head.is_empty() { NoHeader::Nothing } else { NoHeader::Zeros };
        if head != HEADER {
            found.push((Headless { name, contents }, path));
        }
    }
    Ok(found.into_iter())
}

/// What is in the files that earlier processes have left. A torn tail of the last one is cut off.
pub(super) fn recover(folder: &Path) -> io::Result<(Vec<Txn>, LogFiles)> {
    let (mut log, mut files) = (Vec::new(), LogFiles::default());
    let mut paths = paths(folder)?.peekable();
    while let Some(path) = paths.next() {
        let mut found = records(&path)?;
        let bytes = fs::metadata(&path)?.len();
        let used = HEADER_BYTES + (found.len() * RECORD) as u64;
        let is_torn = fs::read(&path)?.iter().skip(used as usize).any(|byte| *byte != 0);
        if is_torn && paths.peek().is_some() {
            let name = path.display();
            return Err(io::Error::other(format!(
                "{name} ends in a bad record, and another follows"
            )));
        }
        if is_torn {
            cut(&path, found.len())?;
        }
        files.add(found.len(), bytes);
        log.append(&mut found);
    }
    Ok((log, files))
}
