//! ZooKeeper's own encoding, jute: big-endian numbers, length-prefixed buffers, nothing else.
//!
//! What travels between servers ([`quorum`], [`election`]), what a client and a server say to each
//! other ([`client`]), and what stands on a disk ([`txn`], [`disk`]), as `zookeeper.jute` and the
//! Java classes named in each file define them (release 3.8.0; the same in 3.5 to 3.9).
//!
//! [`Input`] reads from a stream, because a `QuorumPacket` has no length in front: its end is found
//! by reading it. Whatever the bytes are, it allocates no more than it reads.

pub mod client;
pub mod disk;
pub mod election;
pub mod lock;
pub mod quorum;
pub mod txn;

use std::io::Read;
use thiserror::Error;
use zab_core::Zxid;

/// Why bytes are no record.
#[derive(Debug, Error)]
pub enum Error {
    /// The stream ended before the record did, or failed.
    #[error("the stream ends within a record: {0}")]
    Stream(#[from] std::io::Error),
    /// A length below -1, or above what is ever sent.
    #[error("a buffer cannot have the length {0}")]
    Length(i32),
    /// A string that is not UTF-8.
    #[error("a string is not UTF-8")]
    Text,
    /// Another field with a value that the record cannot have.
    #[error("{0}")]
    Value(&'static str),
}

/// What reading a record comes to.
pub type Result<T> = std::result::Result<T, Error>;

/// The longest buffer that is read. A snapshot's largest node is far below it: by default
/// `jute.maxbuffer` is 1 MiB.
const BUFFER_MAX: i32 = 64 << 20;

/// Reads records, field by field.
#[derive(Debug)]
pub struct Input<R>(pub R);

impl<R: Read> Input<R> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// One byte.
    ///
    /// # Errors
    ///
    /// The stream ended.
    pub fn byte(&mut self) -> Result<u8> {
        Ok(self.bytes::<1>()?[0])
    }

    /// A boolean: any byte but 0 is true, as in Java's `readBoolean`.
    ///
    /// # Errors
    ///
    /// The stream ended.
    pub fn bool(&mut self) -> Result<bool> {
        Ok(self.byte()? != 0)
    }

    /// 32 bits.
    ///
    /// # Errors
    ///
    /// The stream ended.
    pub fn int(&mut self) -> Result<i32> {
        Ok(i32::from_be_bytes(self.bytes()?))
    }

    /// 64 bits.
    ///
    /// # Errors
    ///
    /// The stream ended.
    pub fn long(&mut self) -> Result<i64> {
        Ok(i64::from_be_bytes(self.bytes()?))
    }

    /// A zxid.
    ///
    /// # Errors
    ///
    /// The stream ended.
    pub fn zxid(&mut self) -> Result<Zxid> {
        let [a, b, c, d, e, f, g, h] = self.bytes()?;
        let counter = u32::from_be_bytes([e, f, g, h]);
        Ok(Zxid::new(u32::from_be_bytes([a, b, c, d]), counter))
    }

    /// A number of bytes or of elements; `None` is Java's null.
    ///
    /// # Errors
    ///
    /// The stream ended, or there is no such length.
    pub fn length(&mut self) -> Result<Option<u32>> {
        match self.int()? {
            -1 => Ok(None),
            length if length > BUFFER_MAX => Err(Error::Length(length)),
            length => u32::try_from(length).map(Some).map_err(|_| Error::Length(length)),
        }
    }

    /// As many bytes as are asked for.
    ///
    /// # Errors
    ///
    /// The stream ended.
    pub fn take(&mut self, length: u32) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let got = self.0.by_ref().take(u64::from(length)).read_to_end(&mut bytes)?;
        if got == length as usize {
            Ok(bytes)
        } else {
            Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into())
        }
    }

    /// A buffer; `None` is Java's null.
    ///
    /// # Errors
    ///
    /// The stream ended, or there is no such buffer.
    pub fn buffer(&mut self) -> Result<Option<Vec<u8>>> {
        self.length()?.map(|length| self.take(length)).transpose()
    }

    /// A string; Java's null is read as the empty one.
    ///
    /// # Errors
    ///
    /// The stream ended, or this is no string.
    pub fn string(&mut self) -> Result<String> {
        String::from_utf8(self.buffer()?.unwrap_or_default()).map_err(|_| Error::Text)
    }

    /// A vector; Java's null is read as the empty one.
    ///
    /// # Errors
    ///
    /// The stream ended, or an element makes no sense.
    pub fn vector<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut all = Vec::new();
        for _ in 0..self.length()?.unwrap_or(0) {
            all.push(one(self)?);
        }
        Ok(all)
    }
}

/// Writes records, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output(pub Vec<u8>);

impl Output {
    /// A boolean.
    pub fn bool(&mut self, value: bool) {
        self.0.push(u8::from(value));
    }

    /// 32 bits.
    pub fn int(&mut self, value: i32) {
        self.0.extend(value.to_be_bytes());
    }

    /// 64 bits.
    pub fn long(&mut self, value: i64) {
        self.0.extend(value.to_be_bytes());
    }

    /// A zxid.
    pub fn zxid(&mut self, zxid: Zxid) {
        self.0.extend(zxid.epoch.0.to_be_bytes());
        self.0.extend(zxid.counter.to_be_bytes());
    }

    /// A number of bytes or of elements.
    pub fn length(&mut self, length: usize) {
        self.int(i32::try_from(length).expect("nothing here is longer than what jute can say"));
    }

    /// A buffer; `None` is Java's null.
    pub fn buffer(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            None => self.int(-1),
            Some(bytes) => {
                self.length(bytes.len());
                self.0.extend(bytes);
            }
        }
    }

    /// A string.
    pub fn string(&mut self, text: &str) {
        self.buffer(Some(text.as_bytes()));
    }

    /// A vector.
    pub fn vector<T>(&mut self, all: &[T], mut one: impl FnMut(&mut Self, &T)) {
        self.length(all.len());
        for element in all {
            one(self, element);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zxid_is_the_epoch_above_the_counter() {
        let mut output = Output::default();
        output.zxid(Zxid::new(2, 5));
        assert_eq!(output.0, 0x0000_0002_0000_0005_u64.to_be_bytes());
        assert_eq!(Input(output.0.as_slice()).zxid().expect("eight bytes"), Zxid::new(2, 5));
    }

    #[test]
    fn a_length_that_the_stream_does_not_hold_is_an_error_and_no_allocation() {
        let mut bytes = BUFFER_MAX.to_be_bytes().to_vec();
        bytes.extend(b"short");
        assert!(matches!(Input(bytes.as_slice()).buffer(), Err(Error::Stream(_))));
        let above = (BUFFER_MAX + 1).to_be_bytes();
        assert!(matches!(Input(above.as_slice()).buffer(), Err(Error::Length(_))));
        assert!(matches!(
            Input((-2_i32).to_be_bytes().as_slice()).buffer(),
            Err(Error::Length(-2))
        ));
    }

    #[test]
    fn null_is_no_empty_buffer() {
        let mut output = Output::default();
        output.buffer(None);
        output.buffer(Some(b""));
        let mut input = Input(output.0.as_slice());
        assert_eq!(input.buffer().expect("a null"), None);
        assert_eq!(input.buffer().expect("an empty buffer"), Some(Vec::new()));
    }
}
