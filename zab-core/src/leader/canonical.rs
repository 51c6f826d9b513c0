//! A leader, as far as it makes a difference.

use super::{Leader, Phase, Promise};
use crate::canonical::{Canonical, Sink};

impl Canonical for Leader {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self {
            phase,
            epoch,
            current_epoch,
            last_zxid,
            learners,
            snapshot,
            half_ticks: _,
            deadline: _,
            broadcast,
        } = self;
        sink.plain(&(epoch, current_epoch, last_zxid));
        snapshot.iter().for_each(|lsn| sink.lsn(*lsn));
        phase.canonical(sink);
        learners.canonical(sink);
        broadcast.canonical(sink);
    }
}

impl Canonical for Phase {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        match self {
            Self::Connecting(set) => sink.plain(&(0_u8, set)),
            Self::Promising(Promise { file, writer, connected, deadline: _ }) => {
                sink.plain(&(1_u8, connected));
                sink.lsn(*file);
                sink.conn(*writer);
            }
            Self::Unpromised(set) => sink.plain(&(2_u8, set)),
            Self::Electing(set) => sink.plain(&(3_u8, set)),
            Self::Synchronization { epoch_file, acks } => {
                sink.plain(&(4_u8, acks, epoch_file.is_some()));
                epoch_file.iter().for_each(|lsn| sink.lsn(*lsn));
            }
            Self::Broadcast => sink.plain(&5_u8),
            Self::Closing => sink.plain(&6_u8),
        }
    }
}
