//! S-1 sync (Programmer's Guide): a `sync` brings the server that is asked up to date with its
//! leader.
//!
//! * Asked of a server that serves in the newest established epoch until it answers, it is not
//!   answered below what was committed when it was asked. A leader that is deposed and has not
//!   noticed promises nothing: it answers alone (`Leader.processSync`).
//! * The leader's answer to whoever still waits for it follows every COMMIT that it decided before
//!   (`Leader.sendSync` uses the queue of the learner's handler). On the connection of a learner that has
//!   left since, nobody hears it.

use crate::clients::OpenSync;
use crate::detail::Detail;
use crate::ensemble::{AnsweredSync, Ensemble};
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{NodeId, Outcome, RequestId};

/// A client is answered, by a server that served in the newest epoch all the time.
pub(crate) fn at_return(
    request: RequestId,
    outcome: Outcome,
    sync: OpenSync,
    findings: &mut Findings,
) {
    let Outcome::Synced { position } = outcome else {
        return;
    };
    let committed = sync.committed;
    if position < committed {
        findings.report(Class::S1, || Detail::SyncBelow { request, position, committed });
    }
}

/// A leader sends its answer to the learner that forwarded the request.
pub(crate) fn at_answer(
    ensemble: &Ensemble,
    leader: NodeId,
    learner: NodeId,
    answered: AnsweredSync,
    findings: &mut Findings,
) {
    let AnsweredSync { request, committed, .. } = answered;
    let sent = ensemble.server(leader).learners[learner.index()].told;
    if sent < committed {
        findings.report(Class::S1, || Detail::SyncOvertakes { request, learner, sent, committed });
    }
}
