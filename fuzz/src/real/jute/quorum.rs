//! What a learner and its leader say to each other: `QuorumPacket` and `LearnerInfo`
//! (`zookeeper.jute`; the types are constants of `Leader.java`).

use super::{Error, Input, Output, Result};
use std::fmt;
use std::io::Read;
use zab_core::Zxid;

/// What a packet is: a number on the wire, a name in `Leader.java` and in every bug report.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind(pub i32);

macro_rules! kinds {
    ($($name:ident = $number:literal,)*) => {
        impl Kind {
            $(#[doc = concat!("`Leader.", stringify!($name), "`.")]
            pub const $name: Self = Self($number);)*

            /// All that have a name.
            pub const ALL: &[(Self, &str)] = &[$((Self($number), stringify!($name)),)*];
        }
    };
}

kinds! {
    REQUEST = 1,
    PROPOSAL = 2,
    ACK = 3,
    COMMIT = 4,
    PING = 5,
    REVALIDATE = 6,
    SYNC = 7,
    INFORM = 8,
    COMMITANDACTIVATE = 9,
    NEWLEADER = 10,
    FOLLOWERINFO = 11,
    UPTODATE = 12,
    DIFF = 13,
    TRUNC = 14,
    SNAP = 15,
    OBSERVERINFO = 16,
    LEADERINFO = 17,
    ACKEPOCH = 18,
    INFORMANDACTIVATE = 19,
}

impl Kind {
    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::ALL.iter().find(|(kind, _)| kind == self) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "packet type {}", self.0),
        }
    }
}

/// One packet. `auth` has to come out as it went in: without the identities of a REQUEST, the
/// leader fails on what a follower forwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// What it is.
    pub kind: Kind,
    /// The transaction or epoch that it is about.
    pub zxid: Zxid,
    /// Its contents: a transaction, a number, a configuration.
    pub data: Option<Vec<u8>>,
    /// Scheme and id of who asks.
    pub auth: Option<Vec<(String, String)>>,
}

impl Packet {
    /// Reads one packet.
    ///
    /// # Errors
    ///
    /// The stream ended, or the bytes are no packet.
    pub fn read<R: Read>(input: &mut Input<R>) -> Result<Self> {
        let (kind, zxid, data) = (Kind(input.int()?), input.zxid()?, input.buffer()?);
        let auth = match input.length()? {
            None => None,
            Some(count) => Some(
                (0..count)
                    .map(|_| Ok((input.string()?, input.string()?)))
                    .collect::<Result<Vec<_>>>()?,
            ),
        };
        Ok(Self { kind, zxid, data, auth })
    }

    /// The packet as it travels.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut output = Output::default();
        output.int(self.kind.0);
        output.zxid(self.zxid);
        output.buffer(self.data.as_deref());
        match &self.auth {
            None => output.int(-1),
            Some(auth) => output.vector(auth, |output, (scheme, id)| {
                output.string(scheme);
                output.string(id);
            }),
        }
        output.0
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.zxid)
    }
}

/// What FOLLOWERINFO and OBSERVERINFO carry: who calls.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct LearnerInfo {
    /// `myid` of the learner.
    pub server: i64,
    /// 0x10000 since 3.4.
    pub protocol_version: i32,
    /// Version of the configuration, since 3.5.
    pub config_version: i64,
}

impl LearnerInfo {
    /// Reads the contents of a FOLLOWERINFO.
    ///
    /// # Errors
    ///
    /// The bytes are too few.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut input = Input(bytes);
        let (server, protocol_version) = (input.long()?, input.int()?);
        Ok(Self { server, protocol_version, config_version: input.long()? })
    }

    /// The contents of a FOLLOWERINFO.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut output = Output::default();
        output.long(self.server);
        output.int(self.protocol_version);
        output.long(self.config_version);
        output.0
    }
}

/// After SNAP the stream is a serialized tree without a length, which ends in this string
/// (`LearnerHandler.run`): packets follow.
pub const SNAP_END: &[u8] = b"\0\0\0\x0aBenWasHere";

/// Copies the tree that follows SNAP, its end included.
///
/// # Errors
///
/// One of the streams ended.
pub fn copy_snap<R: Read>(
    input: &mut Input<R>,
    mut each: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<()> {
    let mut part = Vec::with_capacity(4096);
    loop {
        part.push(input.byte()?);
        let ended = part.ends_with(SNAP_END);
        if ended {
            each(&part)?;
            return Ok(());
        }
        if part.len() == 4096 {
            // The end may lie across two parts.
            let keep = part.len() - SNAP_END.len();
            each(&part[..keep])?;
            part.drain(..keep);
        }
    }
}

/// The epoch in an ACKEPOCH: what the learner had as its current epoch, `None` if the epoch
/// proposed was promised before and the packet acknowledges nothing.
///
/// # Errors
///
/// The packet carries no number.
pub fn acknowledged_epoch(packet: &Packet) -> Result<Option<u32>> {
    let data = packet.data.as_deref().ok_or(Error::Value("an ACKEPOCH without a current epoch"))?;
    Ok(u32::try_from(Input(data).int()?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PROPOSAL as a 3.8.0 leader sent it, but for the shortened transaction.
    #[test]
    fn a_packet_has_no_length_in_front_and_is_read_to_its_last_byte() {
        let mut bytes = b"\0\0\0\x02\0\0\0\x01\0\0\0\x04\0\0\0\x03abc\xff\xff\xff\xff".to_vec();
        let packet = Packet {
            kind: Kind::PROPOSAL,
            zxid: Zxid::new(1, 4),
            data: Some(b"abc".to_vec()),
            auth: None,
        };
        assert_eq!(packet.to_bytes(), bytes);
        bytes.extend(b"next");
        let mut input = Input(bytes.as_slice());
        assert_eq!(Packet::read(&mut input).expect("a packet"), packet);
        assert_eq!(input.0, b"next");
        assert_eq!(packet.to_string(), "PROPOSAL <1, 4>");
    }

    #[test]
    fn who_asks_comes_out_as_it_went_in() {
        let auth = Some(vec![("ip".to_owned(), "127.0.0.1".to_owned())]);
        let packet = Packet { kind: Kind::REQUEST, zxid: Zxid::ZERO, data: None, auth };
        let bytes = packet.to_bytes();
        assert_eq!(Packet::read(&mut Input(bytes.as_slice())).expect("a packet"), packet);
    }

    #[test]
    fn a_tree_ends_with_its_mark_wherever_the_mark_lies() {
        for length in [0, 1, 4080, 4085, 4090, 4096, 9000] {
            let mut stream = vec![b'x'; length];
            stream.extend(SNAP_END);
            let tree = stream.clone();
            stream.extend(b"NEWLEADER");
            let mut input = Input(stream.as_slice());
            let mut copied = Vec::new();
            copy_snap(&mut input, |part| {
                copied.extend(part);
                Ok(())
            })
            .expect("the mark is there");
            assert_eq!((copied, input.0), (tree, b"NEWLEADER".as_slice()), "{length}");
        }
    }

    #[test]
    fn a_learner_says_who_it_is() {
        let info = LearnerInfo { server: 3, protocol_version: 0x10000, config_version: 0 };
        assert_eq!(LearnerInfo::parse(&info.to_bytes()).expect("its own bytes"), info);
    }

    #[test]
    fn an_ackepoch_of_a_promised_epoch_acknowledges_nothing() {
        let packet = |epoch: i32| Packet {
            kind: Kind::ACKEPOCH,
            zxid: Zxid::new(1, 4),
            data: Some(epoch.to_be_bytes().to_vec()),
            auth: None,
        };
        assert_eq!(acknowledged_epoch(&packet(1)).expect("a number"), Some(1));
        assert_eq!(acknowledged_epoch(&packet(-1)).expect("a number"), None);
    }
}
