//! What a client and its server say to each other: frames of a length and a record. As much of it as
//! a run needs: connect, create, delete, set, get, sync.

use super::txn::Acl;
use super::{Error, Input, Output, Result};
use zab_core::Zxid;

/// A node is not there.
pub const NO_NODE: i32 = -101;
/// Its version is another one.
pub const BAD_VERSION: i32 = -103;
/// It is there already.
pub const NODE_EXISTS: i32 = -110;

/// The first frame of a connection, for a new session.
pub fn connect_request(timeout_ms: i32) -> Vec<u8> {
    let mut output = Output::default();
    output.int(0);
    output.zxid(Zxid::ZERO);
    output.int(timeout_ms);
    output.long(0);
    output.buffer(Some(&[0; 16]));
    output.bool(false);
    framed(&output)
}

/// What a server answers to that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// 0 if there is no such session.
    pub timeout_ms: i32,
    /// Its number.
    pub session: i64,
}

impl Connected {
    /// Reads the first frame that a server sends.
    ///
    /// # Errors
    ///
    /// The frame makes no sense.
    pub fn parse(frame: &[u8]) -> Result<Self> {
        let mut input = Input(frame);
        let _protocol_version = input.int()?;
        let (timeout_ms, session) = (input.int()?, input.long()?);
        let _password = input.buffer()?;
        Ok(Self { timeout_ms, session })
    }
}

/// What a client may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Make a node that is not there yet, open to everybody.
    Create {
        /// Where.
        path: String,
        /// What it holds.
        data: String,
    },
    /// Delete a node.
    Delete {
        /// Where.
        path: String,
        /// If it has this version.
        version: Option<i32>,
    },
    /// Change a node.
    Set {
        /// Where.
        path: String,
        /// What it holds from now on.
        data: String,
        /// If it has this version.
        version: Option<i32>,
    },
    /// What does a node hold?
    Get {
        /// Where.
        path: String,
    },
    /// Bring this server up to date with the leader.
    Sync {
        /// Any node: servers look at none.
        path: String,
    },
}

impl Request {
    /// The node that it is about.
    pub fn path(&self) -> &str {
        match self {
            Self::Create { path, .. }
            | Self::Delete { path, .. }
            | Self::Set { path, .. }
            | Self::Get { path }
            | Self::Sync { path } => path,
        }
    }

    /// What a good answer to it carries.
    pub const fn answer(&self) -> Contents {
        match self {
            Self::Get { .. } => Contents::DataAndStat,
            Self::Set { .. } => Contents::Stat,
            Self::Create { .. } | Self::Delete { .. } | Self::Sync { .. } => Contents::Path,
        }
    }

    /// The frame as it travels; `xid` is its number within the connection.
    pub fn to_frame(&self, xid: i32) -> Vec<u8> {
        let mut output = Output::default();
        output.int(xid);
        output.int(match self {
            Self::Create { .. } => 1,
            Self::Delete { .. } => 2,
            Self::Get { .. } => 4,
            Self::Set { .. } => 5,
            Self::Sync { .. } => 9,
        });
        output.string(self.path());
        match self {
            Self::Create { data, .. } => {
                output.string(data);
                output.vector(&Acl::open(), Acl::write);
                output.int(0);
            }
            Self::Set { data, version, .. } => {
                output.string(data);
                output.int(version.unwrap_or(-1));
            }
            Self::Delete { version, .. } => output.int(version.unwrap_or(-1)),
            Self::Get { .. } => output.bool(false),
            Self::Sync { .. } => {}
        }
        framed(&output)
    }
}

/// What a server answers: the head of a reply, and what a `get` brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Number of the request.
    pub xid: i32,
    /// The last transaction that the server had applied.
    pub zxid: Zxid,
    /// 0, or why it was refused.
    pub error: i32,
    /// What follows.
    pub rest: Vec<u8>,
}

impl Reply {
    /// Reads a frame.
    ///
    /// # Errors
    ///
    /// The frame makes no sense.
    pub fn parse(frame: &[u8]) -> Result<Self> {
        let mut input = Input(frame);
        let (xid, zxid, error) = (input.int()?, input.zxid()?, input.int()?);
        Ok(Self { xid, zxid, error, rest: input.0.to_vec() })
    }

    /// What the node holds, and its version, as far as such an answer says so.
    ///
    /// # Errors
    ///
    /// It is another answer.
    pub fn contents(&self, contents: Contents) -> Result<(Option<String>, Option<i32>)> {
        let mut input = Input(self.rest.as_slice());
        match contents {
            Contents::Path => Ok((None, None)),
            Contents::Stat => Ok((None, Some(version(&mut input)?))),
            Contents::DataAndStat => Ok((Some(input.string()?), Some(version(&mut input)?))),
        }
    }
}

/// What follows the head of a reply.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// At most the node's path.
    Path,
    /// The node's `Stat`.
    Stat,
    /// What the node holds, and its `Stat`.
    DataAndStat,
}

/// The version in a `Stat`, after two zxids and two times.
fn version<R: std::io::Read>(input: &mut Input<R>) -> Result<i32> {
    for _ in 0..4 {
        input.long()?;
    }
    input.int()
}

/// Reads the next frame of a stream.
///
/// # Errors
///
/// The stream ended.
pub fn read_frame<R: std::io::Read>(input: &mut Input<R>) -> Result<Vec<u8>> {
    input.buffer()?.ok_or(Error::Length(-1))
}

fn framed(output: &Output) -> Vec<u8> {
    let mut frame = Output::default();
    frame.buffer(Some(&output.0));
    frame.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_its_number_its_type_and_what_it_needs() {
        let frame = Request::Get { path: "/k".to_owned() }.to_frame(7);
        assert_eq!(frame, b"\0\0\0\x0f\0\0\0\x07\0\0\0\x04\0\0\0\x02/k\0");
    }

    #[test]
    fn a_reply_names_the_request_the_zxid_and_the_error() {
        let reply =
            Reply::parse(b"\0\0\0\x07\0\0\0\x01\0\0\0\x04\xff\xff\xff\x9b").expect("a head");
        assert_eq!((reply.xid, reply.zxid, reply.error), (7, Zxid::new(1, 4), NO_NODE));
        let mut rest = b"\0\0\0\x01x".to_vec();
        rest.extend([0; 32]);
        rest.extend(3_i32.to_be_bytes());
        let reply = Reply { rest, ..reply };
        let contents = reply.contents(Contents::DataAndStat).expect("data and a version");
        assert_eq!(contents, (Some("x".to_owned()), Some(3)));
        assert!(reply.contents(Contents::Stat).is_ok_and(|(data, _)| data.is_none()));
        assert!(Reply { rest: Vec::new(), ..reply }.contents(Contents::Stat).is_err());
    }
}
