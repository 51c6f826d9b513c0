//! Frames on a stream: a length, then that many bytes.

use super::codec::{self, Frame, FrameError};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

/// The longest frame that is read or written, without its length. The longest in use is a SNAP.
pub const FRAME_MAX: usize = 256;

/// Why no further frame can be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The stream is broken.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The other end does not speak this language.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// Reads frames.
pub struct FrameReader<R> {
    stream: BufReader<R>,
    buffer: Box<[u8; FRAME_MAX]>,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Frames of this stream.
    pub fn new(stream: R) -> Self {
        Self { stream: BufReader::with_capacity(1024, stream), buffer: Box::new([0; FRAME_MAX]) }
    }

    /// The next frame; `None` if the other end has closed the stream.
    pub async fn next(&mut self) -> Result<Option<Frame>, ReadError> {
        let mut length = [0; 4];
        match self.stream.read_exact(&mut length).await {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let length = u32::from_le_bytes(length) as usize;
        let bytes = self.buffer.get_mut(..length).ok_or(FrameError::TooLong { length })?;
        self.stream.read_exact(bytes).await?;
        Ok(Some(codec::decode(bytes)?))
    }
}

/// Appends a frame with its length.
pub fn put(frame: &Frame, buffer: &mut Vec<u8>) {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; 4]);
    codec::encode(frame, buffer);
    let length = buffer.len() - start - 4;
    assert!(length <= FRAME_MAX, "a frame of {length} bytes: {frame:?}");
    buffer[start..start + 4].copy_from_slice(&(length as u32).to_le_bytes());
}

/// Writes one frame.
pub async fn write(writer: &mut (impl AsyncWrite + Unpin), frame: &Frame) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(64);
    put(frame, &mut buffer);
    writer.write_all(&buffer).await
}
