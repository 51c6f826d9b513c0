//! What a client and its server say to each other: frames of a length and a record. As much of it as
//! a run needs: connect, create, delete, set, get, sync.

use super::txn::Acl;
use super::{Error, Input, Output, Result};
use zab_core::Zxid;

/// Another part of the multi failed.
pub const INCONSISTENCY: i32 = -2;
/// A node is not there.
pub const NO_NODE: i32 = -101;
/// Its version is another one.
pub const BAD_VERSION: i32 = -103;
/// It is there already.
pub const NODE_EXISTS: i32 = -110;

/// A session: what its client shows to the next server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number; 0 asks for a new session.
    pub number: i64,
    /// Proof that it is the client's.
    pub password: Vec<u8>,
}

impl Session {
    /// None yet.
    pub fn new() -> Self {
        Self { number: 0, password: vec![0; 16] }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

/// The first frame of a connection. A server that has not seen `last_seen` does not take the client.
pub fn connect_request(timeout_ms: i32, session: &Session, last_seen: Zxid) -> Vec<u8> {
    let mut output = Output::default();
    output.int(0);
    output.zxid(last_seen);
    output.int(timeout_ms);
    output.long(session.number);
    output.buffer(Some(&session.password));
    output.bool(false);
    framed(&output)
}

/// What a server answers to that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// 0 if there is no such session.
    pub timeout_ms: i32,
    /// The session.
    pub session: Session,
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
        let (timeout_ms, number) = (input.int()?, input.long()?);
        let password = input.buffer()?.unwrap_or_default();
        Ok(Self { timeout_ms, session: Session { number, password } })
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
    /// Change nothing, and succeed only if a node is there.
    Check {
        /// Which.
        path: String,
        /// If it has this version.
        version: Option<i32>,
    },
    /// Do all of these updates and checks, or none.
    Multi(Vec<Self>),
    /// Bring this server up to date with the leader.
    Sync {
        /// Any node: servers look at none.
        path: String,
    },
}

impl Request {
    /// What a good answer to it carries.
    pub const fn answer(&self) -> Contents {
        match self {
            Self::Get { .. } => Contents::DataAndStat,
            Self::Set { .. } => Contents::Stat,
            Self::Multi(_) => Contents::Results,
            Self::Create { .. } | Self::Delete { .. } | Self::Check { .. } | Self::Sync { .. } => {
                Contents::Path
            }
        }
    }

    /// The number of its type (`ZooDefs.OpCode`).
    const fn opcode(&self) -> i32 {
        match self {
            Self::Create { .. } => 1,
            Self::Delete { .. } => 2,
            Self::Get { .. } => 4,
            Self::Set { .. } => 5,
            Self::Sync { .. } => 9,
            Self::Check { .. } => 13,
            Self::Multi(_) => 14,
        }
    }

    /// The frame as it travels; `xid` is its number within the connection.
    pub fn to_frame(&self, xid: i32) -> Vec<u8> {
        request(xid, self.opcode(), |output| self.write_body(output))
    }

    fn write_body(&self, output: &mut Output) {
        match self {
            Self::Create { path, data } => {
                write_node(output, (path, data), PERSISTENT);
            }
            Self::Set { path, data, version } => {
                output.string(path);
                output.string(data);
                output.int(version.unwrap_or(-1));
            }
            Self::Delete { path, version } | Self::Check { path, version } => {
                output.string(path);
                output.int(version.unwrap_or(-1));
            }
            Self::Get { path } => {
                output.string(path);
                output.bool(false);
            }
            Self::Sync { path } => output.string(path),
            Self::Multi(parts) => {
                for part in parts {
                    MultiHeader { opcode: part.opcode(), done: false, error: -1 }.write(output);
                    part.write_body(output);
                }
                MultiHeader::END.write(output);
            }
        }
    }
}

/// What stands before each part of a multi, and of its answer.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct MultiHeader {
    opcode: i32,
    done: bool,
    error: i32,
}

impl MultiHeader {
    /// Stands after the last part.
    const END: Self = Self { opcode: -1, done: true, error: -1 };

    fn write(self, output: &mut Output) {
        output.int(self.opcode);
        output.bool(self.done);
        output.int(self.error);
    }

    fn read<R: std::io::Read>(input: &mut Input<R>) -> Result<Self> {
        Ok(Self { opcode: input.int()?, done: input.bool()?, error: input.int()? })
    }
}

/// What a good answer carries, or one part of a multi's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What the node holds, if it was a `get`.
    pub data: Option<String>,
    /// The node's version, if it was a `get` or a `set`.
    pub version: Option<i32>,
    /// Names that the server says: of the node that was made, of the nodes below one.
    pub names: Vec<String>,
    /// What became of each part of a `multi`: an error is 0 where only another part failed.
    pub parts: Vec<std::result::Result<Self, i32>>,
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

    /// What such an answer says.
    ///
    /// # Errors
    ///
    /// It is another answer.
    pub fn contents(&self, contents: Contents) -> Result<Found> {
        let mut input = Input(self.rest.as_slice());
        match contents {
            Contents::Path => Ok(Found::default()),
            Contents::Name => Ok(Found { names: vec![input.string()?], ..Found::default() }),
            Contents::Names => {
                Ok(Found { names: input.vector(Input::string)?, ..Found::default() })
            }
            Contents::Stat => Ok(Found { version: Some(stat(&mut input)?), ..Found::default() }),
            Contents::DataAndStat => Ok(Found {
                data: Some(input.string()?),
                version: Some(stat(&mut input)?),
                ..Found::default()
            }),
            Contents::Results => results(&mut input),
        }
    }
}

/// The parts of the answer to a multi (`MultiResponse`).
fn results<R: std::io::Read>(input: &mut Input<R>) -> Result<Found> {
    let mut parts = Vec::new();
    loop {
        let header = MultiHeader::read(input)?;
        if header.done {
            return Ok(Found { parts, ..Found::default() });
        }
        parts.push(match header.opcode {
            1 => input.string().map(|_| Ok(Found::default()))?,
            5 => Ok(Found { version: Some(stat(input)?), ..Found::default() }),
            -1 => Err(input.int()?),
            _ => Ok(Found::default()),
        });
    }
}

/// What follows the head of a reply.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// At most the node's path.
    Path,
    /// The path of a node that the server has named.
    Name,
    /// The names of the nodes below one.
    Names,
    /// The node's `Stat`.
    Stat,
    /// What the node holds, and its `Stat`.
    DataAndStat,
    /// An answer for each part of a multi.
    Results,
}

/// The version in a `Stat`: after two zxids and two times, before five more numbers and a zxid.
fn stat<R: std::io::Read>(input: &mut Input<R>) -> Result<i32> {
    for _ in 0..4 {
        input.long()?;
    }
    let version = input.int()?;
    let (_cversion, _aversion, _owner) = (input.int()?, input.int()?, input.long()?);
    let (_length, _children, _pzxid) = (input.int()?, input.int()?, input.zxid()?);
    Ok(version)
}

/// Reads the next frame of a stream.
///
/// # Errors
///
/// The stream ended.
pub fn read_frame<R: std::io::Read>(input: &mut Input<R>) -> Result<Vec<u8>> {
    input.buffer()?.ok_or(Error::Length(-1))
}

/// The frame of a request: a head of its number and its type, and what belongs to the type.
pub(super) fn request(xid: i32, opcode: i32, body: impl FnOnce(&mut Output)) -> Vec<u8> {
    let mut output = Output::default();
    output.int(xid);
    output.int(opcode);
    body(&mut output);
    framed(&output)
}

/// `CreateMode.PERSISTENT`.
const PERSISTENT: i32 = 0;

/// A node that everybody may use, and how long it stays (`CreateMode`).
pub(super) fn write_node(output: &mut Output, (path, data): (&str, &str), mode: i32) {
    output.string(path);
    output.string(data);
    output.vector(&Acl::open(), Acl::write);
    output.int(mode);
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
        rest.extend([0; 32]);
        let reply = Reply { rest, ..reply };
        let contents = reply.contents(Contents::DataAndStat).expect("data and a version");
        assert_eq!((contents.data.as_deref(), contents.version), (Some("x"), Some(3)));
        assert!(reply.contents(Contents::Stat).is_ok_and(|found| found.data.is_none()));
        assert!(Reply { rest: Vec::new(), ..reply }.contents(Contents::Stat).is_err());
    }

    #[test]
    fn a_multi_is_its_parts_between_headers_and_so_is_its_answer() {
        let parts = vec![
            Request::Check { path: "/a".to_owned(), version: Some(2) },
            Request::Delete { path: "/b".to_owned(), version: None },
        ];
        let frame = Request::Multi(parts).to_frame(1);
        let expected: &[u8] = b"\0\0\0\x01\0\0\0\x0e\
            \0\0\0\x0d\0\xff\xff\xff\xff\0\0\0\x02/a\0\0\0\x02\
            \0\0\0\x02\0\xff\xff\xff\xff\0\0\0\x02/b\xff\xff\xff\xff\
            \xff\xff\xff\xff\x01\xff\xff\xff\xff";
        assert_eq!(&frame[4..], expected);

        let mut rest = b"\0\0\0\x05\0\0\0\0\0".to_vec();
        rest.extend([0; 32]);
        rest.extend(7_i32.to_be_bytes());
        rest.extend([0; 32]);
        rest.extend(b"\xff\xff\xff\xff\0\xff\xff\xff\x9b\xff\xff\xff\x9b");
        rest.extend(b"\xff\xff\xff\xff\x01\xff\xff\xff\xff");
        let reply = Reply { xid: 1, zxid: Zxid::ZERO, error: 0, rest };
        let parts = reply.contents(Contents::Results).expect("two parts").parts;
        let set = Found { version: Some(7), ..Found::default() };
        assert_eq!(parts, [Ok(set), Err(NO_NODE)]);
    }
}
