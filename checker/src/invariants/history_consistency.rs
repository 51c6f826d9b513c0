//! I-10 history consistency (TLA ProcessConsistency): the logs of those who take part in an epoch
//! are prefixes of what its leader proposed, hence of each other.
//!
//! A leader takes part from its initial history on, a follower from its acknowledgement of
//! NEWLEADER on: until then its log may hold what the leader does not have. The log is meant as it
//! was asked for (page cache), the snapshot included. It may well be shorter than memory.

use crate::detail::{Detail, Protocol};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::reigns::ReignId;
use crate::sequences::Sequence;
use crate::verdict::Class;

pub(crate) fn of_log(ensemble: &Ensemble, id: ReignId, log: Sequence, findings: &mut Findings) {
    let (sequences, reign) = (&ensemble.sequences, ensemble.reigns.get(id));
    if !sequences.is_prefix(log, reign.proposed()) {
        findings.report(Class::I10, || {
            let gap = ensemble.gap(reign.proposed(), log);
            let (leader, epoch) = (reign.leader, reign.epoch);
            Detail::Protocol(Protocol::LogDiverges { leader, epoch, gap })
        });
    }
}
