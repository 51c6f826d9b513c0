//! What servers say before there is a leader: `QuorumCnxManager.InitialMessage` and the
//! notifications of `FastLeaderElection`.

use super::{Error, Input, Output, Result};
use std::io::Read;
use zab_core::Zxid;

/// The first words of who dials: `PROTOCOL_VERSION_V1` with one address, `V2` with several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// -65536 or -65535.
    pub version: i64,
    /// `myid` of who dials.
    pub server: i64,
    /// `host:port` of its election port; several are separated by `|`.
    pub address: String,
}

/// The two versions that there are.
const VERSIONS: std::ops::RangeInclusive<i64> = -65536..=-65535;

impl Hello {
    /// Reads the first words of a connection.
    ///
    /// # Errors
    ///
    /// The stream ended, or somebody else calls.
    pub fn read<R: Read>(input: &mut Input<R>) -> Result<Self> {
        let version = input.long()?;
        if !VERSIONS.contains(&version) {
            return Err(Error::Value("the first words of an election connection have no version"));
        }
        Ok(Self { version, server: input.long()?, address: input.string()? })
    }

    /// The first words of a connection.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut output = Output::default();
        output.long(self.version);
        output.long(self.server);
        output.string(&self.address);
        output.0
    }
}

/// Role of who sends a notification (`QuorumPeer.ServerState`).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It looks for a leader.
    Looking,
    /// It follows.
    Following,
    /// It leads.
    Leading,
    /// It observes.
    Observing,
}

const STATES: [State; 4] = [State::Looking, State::Following, State::Leading, State::Observing];

/// One vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Role of the sender.
    pub state: State,
    /// `myid` of whom it votes for.
    pub leader: i64,
    /// Last zxid of that one.
    pub zxid: Zxid,
    /// Round of the election (`logicalclock`).
    pub round: i64,
    /// Current epoch of whom it votes for.
    pub peer_epoch: i64,
    /// What follows: version and configuration, as they came.
    pub rest: Vec<u8>,
}

impl Notification {
    /// Reads the next frame.
    ///
    /// # Errors
    ///
    /// The stream ended, or this is no notification.
    pub fn read<R: Read>(input: &mut Input<R>) -> Result<Self> {
        let frame = input.buffer()?.ok_or(Error::Length(-1))?;
        let mut fields = Input(frame.as_slice());
        let state = usize::try_from(fields.int()?).ok().and_then(|number| STATES.get(number));
        Ok(Self {
            state: *state.ok_or(Error::Value("a notification of no known role"))?,
            leader: fields.long()?,
            zxid: fields.zxid()?,
            round: fields.long()?,
            peer_epoch: fields.long()?,
            rest: fields.0.to_vec(),
        })
    }

    /// The frame as it travels.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut fields = Output::default();
        fields.int(self.state as i32);
        fields.long(self.leader);
        fields.zxid(self.zxid);
        fields.long(self.round);
        fields.long(self.peer_epoch);
        fields.0.extend(&self.rest);
        let mut frame = Output::default();
        frame.buffer(Some(&fields.0));
        frame.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vote_of_forty_bytes_and_one_with_a_configuration_come_back_as_they_were() {
        for rest in [b"\0\0\0\x01".as_slice(), b"\0\0\0\x02\0\0\0\x03a=b"] {
            let vote = Notification {
                state: State::Leading,
                leader: 3,
                zxid: Zxid::new(1, 4),
                round: 2,
                peer_epoch: 1,
                rest: rest.to_vec(),
            };
            let bytes = vote.to_bytes();
            assert_eq!(bytes.len(), 4 + 36 + rest.len());
            assert_eq!(Notification::read(&mut Input(bytes.as_slice())).expect("a vote"), vote);
        }
    }

    #[test]
    fn who_dials_says_its_number_and_address() {
        let hello = Hello { version: -65536, server: 2, address: "127.0.0.1:20042".to_owned() };
        let bytes = hello.to_bytes();
        assert_eq!(Hello::read(&mut Input(bytes.as_slice())).expect("first words"), hello);
        let stranger = Hello { version: 1, ..hello }.to_bytes();
        assert!(matches!(Hello::read(&mut Input(stranger.as_slice())), Err(Error::Value(_))));
    }
}
