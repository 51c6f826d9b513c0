//! What a server keeps in its data folder: the transaction log (`FileTxnLog`: a header, then
//! records, then the zeros of preallocation) and the epoch files (a number as text).

use super::txn::Txn;
use super::{Error, Input, Result};
use std::io::Read;
use zab_core::Zxid;

const MAGIC: &[u8; 4] = b"ZKLG";
const VERSION: i32 = 2;
/// The byte after each record, without which a record was written in part.
const END_OF_RECORD: u8 = b'B';

/// Whether a log file was read to its end, and if not, why it stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing follows, or the zeros that the file was extended with.
    Clean,
    /// Something follows that is no record.
    Torn(&'static str),
}

/// What a log file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Its records, in the order of the file.
    pub records: Vec<Txn>,
    /// How it ends.
    pub end: End,
}

/// Reads a log file as a server that starts would, as far as there are records. An empty file is a
/// log without any (ZOOKEEPER-2332).
///
/// # Errors
///
/// The file is there and its header is not: such a server refuses to start.
pub fn read_log(file: impl Read) -> Result<Log> {
    let mut log = Log { records: Vec::new(), end: End::Clean };
    let mut input = Input(file);
    let mut magic = Vec::new();
    input.0.by_ref().take(4).read_to_end(&mut magic)?;
    if magic.is_empty() {
        return Ok(log);
    }
    if magic != MAGIC || input.int()? != VERSION {
        return Err(Error::Value("the file does not begin with the header of a transaction log"));
    }
    let _database = input.long()?;
    loop {
        match next(&mut input) {
            Ok(Some(txn)) => log.records.push(txn),
            Ok(None) => return Ok(log),
            Err(why) => return Ok(Log { end: End::Torn(why), ..log }),
        }
    }
}

fn next(input: &mut Input<impl Read>) -> std::result::Result<Option<Txn>, &'static str> {
    let mut checksum = Vec::new();
    let read = input.0.by_ref().take(8).read_to_end(&mut checksum);
    read.map_err(|_| "the file cannot be read")?;
    if checksum.is_empty() {
        return Ok(None);
    }
    let checksum = Input(checksum.as_slice()).long();
    let checksum = checksum.map_err(|_| "the file ends within a checksum")?;
    let length = input.length().map_err(|_| "a record has no length")?.unwrap_or(0);
    if length == 0 {
        return if checksum == 0 { Ok(None) } else { Err("a checksum without a record") };
    }
    let bytes = input.take(length).map_err(|_| "the file ends within a record")?;
    if input.byte().ok() != Some(END_OF_RECORD) {
        return Err("a record was written in part");
    }
    if i64::from(adler32(&bytes)) != checksum {
        return Err("a record does not match its checksum");
    }
    Txn::parse(&bytes).map(Some).map_err(|_| "a record is no transaction")
}

/// A log file with these records.
pub fn write_log(records: &[Txn]) -> Vec<u8> {
    let mut output = super::Output(MAGIC.to_vec());
    output.int(VERSION);
    output.long(0);
    for txn in records {
        let bytes = txn.to_bytes();
        output.long(i64::from(adler32(&bytes)));
        output.buffer(Some(&bytes));
        output.0.push(END_OF_RECORD);
    }
    output.0
}

/// The checksum of `java.util.zip.Adler32`.
fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65521;
        (low, (high + low) % 65521)
    });
    high << 16 | low
}

/// The zxid in the name of a `log.…` or `snapshot.…`: the first that the log holds, the last that
/// the snapshot holds.
pub fn zxid_in_name(name: &str, prefix: &str) -> Option<Zxid> {
    let digits = name.strip_prefix(prefix)?.strip_prefix('.')?;
    let number = u64::from_str_radix(digits, 16).ok()?;
    Input(number.to_be_bytes().as_slice()).zxid().ok()
}

/// The number in `acceptedEpoch` or `currentEpoch` (`QuorumPeer.readLongFromFile`).
pub fn parse_epoch(text: &str) -> Option<u32> {
    text.lines().next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::txn::tests::create;
    use super::*;

    #[test]
    fn a_log_is_its_records_and_the_zeros_behind_them() {
        let records = [create(Zxid::new(1, 1), "/a"), create(Zxid::new(1, 2), "/b")];
        let mut file = write_log(&records);
        assert_eq!(read_log(file.as_slice()).expect("a log").records, records);
        file.resize(65536, 0);
        let log = read_log(file.as_slice()).expect("a log");
        assert_eq!((log.records.as_slice(), log.end), (records.as_slice(), End::Clean));
    }

    #[test]
    fn a_record_that_is_cut_or_changed_ends_the_log() {
        let records = [create(Zxid::new(1, 1), "/a"), create(Zxid::new(1, 2), "/b")];
        let file = write_log(&records);
        let first = write_log(&records[..1]).len();
        for length in first + 1..file.len() {
            let log = read_log(&file[..length]).expect("the header is whole");
            assert_eq!(log.records, records[..1], "{length}");
            assert!(matches!(log.end, End::Torn(_)), "{length}");
        }
        for at in first..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert_eq!(
                read_log(changed.as_slice()).expect("the header is whole").records,
                records[..1]
            );
        }
    }

    #[test]
    fn an_empty_file_is_a_log_and_one_of_zeros_is_not() {
        assert_eq!(read_log(b"".as_slice()).expect("a log").records, []);
        assert!(read_log([0; 65536].as_slice()).is_err());
    }

    #[test]
    fn adler32_is_what_java_computes() {
        assert_eq!(adler32(b""), 1);
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
    }

    #[test]
    fn names_and_epoch_files_carry_numbers() {
        assert_eq!(zxid_in_name("log.100000004", "log"), Some(Zxid::new(1, 4)));
        assert_eq!(zxid_in_name("snapshot.0", "log"), None);
        assert_eq!(parse_epoch("2"), Some(2));
        assert_eq!(parse_epoch(""), None);
    }
}
