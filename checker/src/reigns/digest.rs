//! Reigns, as far as verdicts depend on them.

use super::{Reign, ReignId, Reigns};
use crate::sequences::Sequences;
use zab_core::Epoch;
use zab_core::canonical::Sink;

impl Reigns {
    /// Which reign: its epoch, and which one of that epoch.
    pub(crate) fn place(&self, id: ReignId) -> (Epoch, usize) {
        let epoch = self.get(id).epoch;
        (epoch, self.reigns[..id.0].iter().filter(|reign| reign.epoch == epoch).count())
    }

    /// Hands over all reigns: of reigns of different epochs it makes no difference which began first.
    pub(crate) fn canonical<S: Sink>(&self, sequences: &Sequences, sink: &mut S) {
        let mut order: Vec<usize> = (0..self.reigns.len()).collect();
        order.sort_by_key(|at| self.reigns[*at].epoch);
        for at in order {
            let Reign { epoch, leader, initial_history, committed, established, proposals } =
                &self.reigns[at];
            sink.plain(&(epoch, leader, established.is_some(), proposals.len()));
            sink.plain(&[initial_history, committed].map(|s| sequences.digest(*s)));
            proposals.iter().for_each(|proposal| sink.plain(&sequences.digest(*proposal)));
        }
        for id in &self.established {
            sink.plain(&self.place(*id));
        }
    }
}
