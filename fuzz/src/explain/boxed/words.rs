//! The sentences of the box.

use crate::explain::finding::{Asked, Finding, Instant, Told, Why, leader_of};
use crate::explain::text::ms;
use zab_checker::custody::{ServerState, Servers};
use zab_checker::invariants::RULES;
use zab_checker::loss::{Beginning, Knowledge, Loss};
use zab_checker::{Class, Violation};
use zab_core::{NodeId, Op, Outcome};

impl Why {
    /// Its name in a box and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Known(Knowledge::Acknowledged) => "acknowledged",
            Self::Known(Knowledge::Read) => "read",
            Self::Lost(_) => "lost",
            Self::Back(_) => "back",
            Self::Seen => "seen",
            Self::End => "end",
        }
    }
}

/// What the box is about.
pub(in crate::explain) fn title(finding: &Finding, violation: &Violation) -> String {
    match finding.loss() {
        Some(Loss { txn, .. }) => {
            let what = match violation.class {
                Class::O6 => "was lost and came back",
                Class::O5 => "was lost before service ended",
                _ => "is lost",
            };
            format!("The write {txn} of client {} {what}.", txn.request.session)
        }
        None => format!("{}: {}.", violation.class, violation.class.meaning()),
    }
}

/// Why an instant matters, in words.
pub(in crate::explain) fn why(finding: &Finding, instant: &Instant) -> String {
    match instant.why {
        Why::Known(how) => known(finding, how),
        Why::Lost(Beginning { epoch, leader, .. }) => {
            format!("{leader} establishes epoch {epoch}, which begins without it")
        }
        Why::Back(Beginning { epoch, leader, .. }) => {
            format!("{leader} establishes epoch {epoch}, which begins with it")
        }
        Why::Seen => finding.violation.as_ref().map_or_else(String::new, seen),
        Why::End => match leader_of(&instant.servers) {
            Some((leader, epoch)) => format!("all is healed, {leader} leads epoch {epoch}"),
            None => "all is healed, nobody leads".to_owned(),
        },
    }
}

fn known(finding: &Finding, how: Knowledge) -> String {
    let Some(Loss { txn, known, .. }) = finding.loss() else {
        return String::new();
    };
    let server = known.server.map_or_else(|| "a server".to_owned(), |server| server.to_string());
    let client = known.request.session;
    match how {
        Knowledge::Acknowledged => format!("{server} tells client {client} that {txn} is done"),
        Knowledge::Read => format!("client {client} reads {txn} at {server}"),
    }
}

fn seen(violation: &Violation) -> String {
    let rule = rule(violation.class);
    match violation.node {
        Some(node) => format!("{node} breaks the rule \"{rule}\""),
        None => format!("the rule \"{rule}\" is broken"),
    }
}

/// What a client was told of a write.
pub(in crate::explain) fn told(finding: &Finding, told: &Told) -> String {
    let Told { at_us, txn, request, server, how } = told;
    let (client, at, write) = (request.session, ms(*at_us), finding.name_of(txn));
    let server = server.map_or_else(|| "a server".to_owned(), |server| server.to_string());
    match how {
        Some(Knowledge::Acknowledged) => {
            format!("at {at}, {server} tells client {client} that {write} is done")
        }
        Some(Knowledge::Read) => {
            format!("at {at}, {server} gives client {client} the value of {write}")
        }
        None => format!("at {at}, client {client}, who asked {server} for {write}, gets no answer"),
    }
}

/// Which servers cannot follow the leader that there is, because of what they promised
/// (`Learner.registerWithLeader`: "Leaders epoch … is less than accepted epoch …").
pub(super) fn refused(servers: &Servers) -> Vec<String> {
    let Some((leader, epoch)) = leader_of(servers) else {
        return Vec::new();
    };
    let is_refused = |server: &ServerState| {
        server.is_up && server.serving.is_none() && server.accepted_epoch > epoch
    };
    let refused = (0..).map(NodeId).zip(servers).filter(|(_, server)| is_refused(server));
    refused
        .map(|(id, server)| {
            let promised = server.accepted_epoch;
            format!(
                "{id} has promised epoch {promised}, and does not follow {leader} in epoch {epoch}"
            )
        })
        .collect()
}

/// One operation of a session.
pub(super) fn asked(asked: &Asked) -> String {
    let Asked { server, op, outcome, request, .. } = asked;
    let server = server.map_or_else(|| "a server".to_owned(), |server| server.to_string());
    let what = match op {
        Op::Write { key, value } => format!("write {key}={value}"),
        Op::WriteIf { key, value, version } => format!("write {key}={value} if version {version}"),
        Op::Read { key } => format!("read {key}"),
        other => other.to_string(),
    };
    let answer = match outcome {
        Some(Outcome::Written { zxid, .. }) => format!("done, as {zxid}"),
        Some(Outcome::BadVersion { zxid }) => format!("another version ({zxid})"),
        Some(Outcome::Value { version: 0, position, .. }) => format!("nothing, at {position}"),
        Some(Outcome::Value { value, position, .. }) => format!("{value}, at {position}"),
        Some(Outcome::Synced { position }) => format!("done, at {position}"),
        Some(Outcome::Refused) => "refused".to_owned(),
        Some(other) => other.to_string(),
        None => "no answer".to_owned(),
    };
    format!("{request} {what} at {server}: {answer}")
}

/// A broken rule by its name, and what was seen.
pub(in crate::explain) fn broken(violation: &Violation) -> String {
    format!("{} ({}): {}", rule(violation.class), violation.class, what(violation))
}

/// What was seen, and at which server unless the words begin with it.
pub(in crate::explain) fn what(violation: &Violation) -> String {
    // A bound of whole milliseconds, as the trace has it, reads better without its fractions.
    let what = violation.detail.to_string().replace(".000 ms", " ms");
    match violation.node {
        Some(node) if !what.starts_with(&format!("{node} ")) => format!("{node}: {what}"),
        _ => what,
    }
}

fn rule(class: Class) -> &'static str {
    let rule = RULES.iter().find(|rule| rule.class == class);
    rule.map_or_else(|| class.meaning(), |rule| rule.name)
}
