//! A transaction, in a PROPOSAL and in a log: `TxnHeader`, the body that its type asks for, and what
//! may follow (`TxnDigest`, since 3.6).

use super::{Input, Output, Result};
use zab_core::Zxid;

/// One entry of an access control list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acl {
    /// Bits of what is allowed.
    pub permissions: i32,
    /// How identities are read, `world` for instance.
    pub scheme: String,
    /// Who is meant, `anyone` for instance.
    pub id: String,
}

impl Acl {
    /// What everybody may do with nodes of a test: everything.
    pub fn open() -> Vec<Self> {
        vec![Self { permissions: 31, scheme: "world".to_owned(), id: "anyone".to_owned() }]
    }

    /// Writes one entry.
    pub fn write(output: &mut Output, acl: &Self) {
        output.int(acl.permissions);
        output.string(&acl.scheme);
        output.string(&acl.id);
    }

    fn read<R: std::io::Read>(input: &mut Input<R>) -> Result<Self> {
        Ok(Self { permissions: input.int()?, scheme: input.string()?, id: input.string()? })
    }
}

/// What a transaction does. Those without a variant of their own are kept as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// `CreateTxn`, of `create` (1) and `create2` (15).
    Create {
        /// Where.
        path: String,
        /// What the node holds.
        data: Option<Vec<u8>>,
        /// Who may do what with it.
        acl: Vec<Acl>,
        /// Whether it ends with its session.
        ephemeral: bool,
        /// `cversion` of its parent from now on.
        parent: i32,
    },
    /// `DeleteTxn`.
    Delete {
        /// Where.
        path: String,
    },
    /// `SetDataTxn`.
    SetData {
        /// Where.
        path: String,
        /// What the node holds from now on.
        data: Option<Vec<u8>>,
        /// Its version from now on.
        version: i32,
    },
    /// `CreateSessionTxn`.
    CreateSession {
        /// How long it outlives its last sign of life.
        timeout_ms: i32,
    },
    /// `ErrorTxn`: a request that was refused, and has its place in the order all the same.
    Error {
        /// Why.
        code: i32,
    },
    /// Any other.
    Other,
}

/// A transaction and its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Txn {
    /// Session that asked for it.
    pub client: i64,
    /// Number of the request within the session.
    pub cxid: i32,
    /// Its place in the order.
    pub zxid: Zxid,
    /// Wall-clock time of the leader, in milliseconds.
    pub time: i64,
    /// Type of the request (`ZooDefs.OpCode`).
    pub kind: i32,
    /// What it does.
    pub body: Body,
    /// What follows the body: a digest, or the whole body of a kind that is not read.
    pub rest: Vec<u8>,
}

mod kind {
    pub(super) const CREATE: i32 = 1;
    pub(super) const DELETE: i32 = 2;
    pub(super) const SET_DATA: i32 = 5;
    pub(super) const CREATE2: i32 = 15;
    pub(super) const CREATE_SESSION: i32 = -10;
    pub(super) const ERROR: i32 = -1;
}

impl Txn {
    /// Reads a transaction: all of the bytes are its own.
    ///
    /// # Errors
    ///
    /// The bytes end too early or make no sense.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut input = Input(bytes);
        let (client, cxid, zxid) = (input.long()?, input.int()?, input.zxid()?);
        let (time, kind) = (input.long()?, input.int()?);
        let body = match kind {
            kind::CREATE | kind::CREATE2 => Body::Create {
                path: input.string()?,
                data: input.buffer()?,
                acl: input.vector(Acl::read)?,
                ephemeral: input.bool()?,
                parent: input.int()?,
            },
            kind::DELETE => Body::Delete { path: input.string()? },
            kind::SET_DATA => Body::SetData {
                path: input.string()?,
                data: input.buffer()?,
                version: input.int()?,
            },
            kind::CREATE_SESSION => Body::CreateSession { timeout_ms: input.int()? },
            kind::ERROR => Body::Error { code: input.int()? },
            _ => Body::Other,
        };
        Ok(Self { client, cxid, zxid, time, kind, body, rest: input.0.to_vec() })
    }

    /// The transaction as it travels and as it is logged.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut output = Output::default();
        output.long(self.client);
        output.int(self.cxid);
        output.zxid(self.zxid);
        output.long(self.time);
        output.int(self.kind);
        match &self.body {
            Body::Create { path, data, acl, ephemeral, parent } => {
                output.string(path);
                output.buffer(data.as_deref());
                output.vector(acl, Acl::write);
                output.bool(*ephemeral);
                output.int(*parent);
            }
            Body::Delete { path } => output.string(path),
            Body::SetData { path, data, version } => {
                output.string(path);
                output.buffer(data.as_deref());
                output.int(*version);
            }
            Body::CreateSession { timeout_ms: number } | Body::Error { code: number } => {
                output.int(*number);
            }
            Body::Other => {}
        }
        output.0.extend(&self.rest);
        output.0
    }

    /// What it does, in a few words.
    pub fn summary(&self) -> String {
        match &self.body {
            Body::Create { path, .. } => format!("create {path}"),
            Body::Delete { path } => format!("delete {path}"),
            Body::SetData { path, .. } => format!("set {path}"),
            Body::CreateSession { .. } => "create a session".to_owned(),
            Body::Error { code } => format!("error {code}"),
            Body::Other => format!("type {}", self.kind),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn create(zxid: Zxid, path: &str) -> Txn {
        Txn {
            client: 1,
            cxid: 1,
            zxid,
            time: 0,
            kind: kind::CREATE,
            body: Body::Create {
                path: path.to_owned(),
                data: Some(b"x".to_vec()),
                acl: Acl::open(),
                ephemeral: false,
                parent: 1,
            },
            rest: vec![0; 12],
        }
    }

    #[test]
    fn every_kind_comes_back_as_it_was_with_its_digest() {
        let made = create(Zxid::new(1, 4), "/lost");
        let bodies = [
            (kind::DELETE, Body::Delete { path: "/lost".to_owned() }),
            (kind::SET_DATA, Body::SetData { path: "/k".to_owned(), data: None, version: 3 }),
            (kind::CREATE_SESSION, Body::CreateSession { timeout_ms: 6000 }),
            (kind::ERROR, Body::Error { code: -101 }),
            (14, Body::Other),
        ];
        for (kind, body) in bodies.into_iter().chain([(kind::CREATE2, made.body.clone())]) {
            let txn = Txn { kind, body, ..made.clone() };
            assert_eq!(Txn::parse(&txn.to_bytes()).expect("its own bytes"), txn);
        }
    }

    #[test]
    fn a_create_that_ends_within_its_path_is_an_error() {
        let bytes = create(Zxid::new(1, 4), "/lost").to_bytes();
        assert!(Txn::parse(&bytes[..40]).is_err());
    }
}
