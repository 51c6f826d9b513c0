//! O9 service for all (ZOOKEEPER-4394): once service is back, every server that is up comes to
//! serve, carries out the writes sent to it, and stays.
//!
//! The simulator says within which bound; how often a server falls out is counted here.

use crate::detail::{Absence, Detail};
use crate::ensemble::Ensemble;
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::NodeId;

/// Who came to serve and fell out again so often will do so again. Once or twice is a follower that
/// left a leader nobody else follows.
const FALLS: u32 = 3;

/// The execution is over.
pub(crate) fn at_end(ensemble: &Ensemble, findings: &mut Findings) {
    let falls = (0..).map(NodeId).zip(&ensemble.servers).filter_map(|(node, server)| {
        (server.falls >= FALLS).then_some((node, Absence::FallsOut(server.falls)))
    });
    if let Some((node, absence)) = ensemble.ending.absent.iter().copied().chain(falls).next() {
        findings.at_server(node);
        findings.report(Class::O9, || Detail::NeverServes(absence));
    }
}
