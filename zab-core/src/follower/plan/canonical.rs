//! What the receiver still has to do, as far as it makes a difference.

use super::{Plan, Until};
use crate::canonical::{Canonical, Sink};

impl Canonical for Plan {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self { steps, until } = self;
        sink.plain(steps);
        match until {
            None => sink.plain(&0_u8),
            Some(Until::Disk(file, lsn)) => {
                sink.plain(&(1_u8, file));
                sink.lsn(*lsn);
            }
            Some(Until::LogWriter) => sink.plain(&2_u8),
            Some(Until::Turn(actor)) => sink.plain(&(3_u8, actor)),
        }
    }
}
