//! What clients know of transactions, as far as verdicts depend on it.

use super::Sequences;
use zab_core::Txn;
use zab_core::canonical::Sink;

impl Sequences {
    /// Hands over which transactions clients know of. Where sequences stand in the tree makes no
    /// difference.
    pub(crate) fn canonical<S: Sink>(&self, sink: &mut S) {
        let known = self.marks.iter().filter_map(|mark| {
            let how = (mark.acknowledged.is_some(), mark.read.is_some());
            (how != (false, false)).then_some((mark.txn, how))
        });
        let mut known: Vec<(Txn, (bool, bool))> = known.collect();
        known.sort_unstable();
        sink.plain(&known);
    }
}
