//! What servers and clients say in the end, and what that makes of the claims.

use super::super::ensemble::Ensemble;
use super::super::scenario::Claim;
use std::collections::{BTreeMap, BTreeSet};
use zab_core::NodeId;

/// What a node held at each server in the end, after `sync`; an error is what a server answered.
pub type Reads = BTreeMap<String, Vec<(NodeId, Result<Option<String>, String>)>>;

/// Who queued for a lock in the end, at which server, and whether it had the lock, after `sync`; an error is
/// what a server answered.
pub type Queues = BTreeMap<String, Vec<(String, NodeId, Result<bool, String>)>>;

/// What became of a claim.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Fulfilled {
    /// It is as claimed.
    Yes,
    /// All servers that there are have what the claim denies.
    No,
    /// Neither: a server does not answer, or a few have lost what the others have.
    Neither,
}

/// Reads what is claimed to be lost or to differ at every server that runs.
pub(super) fn read_all(ensemble: &mut Ensemble, claims: &[Claim]) -> Reads {
    let mut reads = Reads::new();
    for path in claims.iter().filter(|claim| !claim.is_of_a_lock()).map(Claim::path) {
        let servers = ensemble.running();
        let read = servers.into_iter().map(|server| {
            let value = ensemble.read(server, path, true);
            (server, value.map_err(|trouble| trouble.to_string()))
        });
        reads.insert(path.to_owned(), read.collect());
    }
    reads
}

/// Asks the clients in each queue for a lock that something is claimed of.
pub(super) fn ask_queues(ensemble: &mut Ensemble, claims: &[Claim]) -> Queues {
    let mut queues = Queues::new();
    for path in claims.iter().filter(|claim| claim.is_of_a_lock()).map(Claim::path) {
        let asked = ensemble.queued(path).into_iter().map(|(client, server, has)| {
            (client, server, has.map_err(|trouble| trouble.to_string()))
        });
        queues.insert(path.to_owned(), asked.collect());
    }
    queues
}

/// What is known in the end.
pub(super) struct End<'a> {
    pub(super) told: &'a BTreeSet<(String, String)>,
    pub(super) reads: &'a Reads,
    pub(super) queues: &'a Queues,
    pub(super) servers: usize,
    pub(super) leader: Option<NodeId>,
}

impl End<'_> {
    /// What became of a claim.
    pub(super) fn judge(&self, claim: &Claim) -> Fulfilled {
        let (yes, no) = match claim {
            Claim::Lost { path, value } => self.is_lost(path, value),
            Claim::Differ { path } => self.differ(path),
            Claim::HeldTwice { path } => self.is_held_twice(path),
        };
        match (yes, no) {
            (true, _) => Fulfilled::Yes,
            (_, true) => Fulfilled::No,
            _ => Fulfilled::Neither,
        }
    }

    /// What each server has, if a majority can be asked and everybody answers.
    fn all(&self, path: &str) -> Option<BTreeMap<NodeId, &Option<String>>> {
        let reads = self.reads.get(path)?;
        let all = reads.iter().map(|(id, read)| Some((*id, read.as_ref().ok()?)));
        all.collect::<Option<BTreeMap<_, _>>>().filter(|all| all.len() * 2 > self.servers)
    }

    /// A value counts as lost if a leader that serves lacks it and a majority with it: they will never
    /// have it again, whatever a single server has kept.
    fn is_lost(&self, path: &str, value: &str) -> (bool, bool) {
        let Some(all) = self.all(path) else { return (false, false) };
        let has = |id: &NodeId| all.get(id).is_some_and(|read| read.as_deref() == Some(value));
        let lacking = all.keys().filter(|id| !has(id)).count();
        let was_told = self.told.contains(&(path.to_owned(), value.to_owned()));
        let led = self.leader.is_some_and(|id| all.contains_key(&id) && !has(&id));
        (was_told && led && lacking * 2 > self.servers, was_told && lacking == 0)
    }

    fn differ(&self, path: &str) -> (bool, bool) {
        let Some(all) = self.all(path) else { return (false, false) };
        let differ = all.values().collect::<BTreeSet<_>>().len() > 1;
        (differ, !differ)
    }

    /// A lock is kept if one client has it and all the others know that they do not.
    fn is_held_twice(&self, path: &str) -> (bool, bool) {
        let queue = self.queues.get(path).map(Vec::as_slice).unwrap_or_default();
        let holders = queue.iter().filter(|(.., has)| *has == Ok(true)).count();
        let all_know = queue.iter().all(|(.., has)| has.is_ok());
        (holders > 1, holders == 1 && all_know)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(values: &[Result<Option<&str>, &str>]) -> Reads {
        let read = values.iter().zip(0..).map(|(value, id)| {
            let value = value.map(|value| value.map(str::to_owned)).map_err(str::to_owned);
            (NodeId(id), value)
        });
        Reads::from([("/x".to_owned(), read.collect())])
    }

    fn judge(claim: &Claim, told: &BTreeSet<(String, String)>, reads: &Reads) -> Fulfilled {
        let (queues, leader) = (Queues::new(), Some(NodeId(1)));
        End { told, reads, queues: &queues, servers: 3, leader }.judge(claim)
    }

    #[test]
    fn a_value_is_lost_if_somebody_was_told_and_leader_and_majority_lack_it() {
        let claim = Claim::Lost { path: "/x".to_owned(), value: "1".to_owned() };
        let told = BTreeSet::from([("/x".to_owned(), "1".to_owned())]);
        let (has, lacks, other) = (Ok(Some("1")), Ok(None), Ok(Some("0")));
        for (read, fulfilled) in [
            (vec![lacks, other, lacks], Fulfilled::Yes),
            (vec![lacks, lacks, has], Fulfilled::Yes),
            (vec![lacks, lacks], Fulfilled::Yes),
            (vec![lacks, has, lacks], Fulfilled::Neither),
            (vec![has, lacks, has], Fulfilled::Neither),
            (vec![has, has, has], Fulfilled::No),
            (vec![lacks, lacks, Err("hangs up")], Fulfilled::Neither),
            (vec![lacks], Fulfilled::Neither),
        ] {
            assert_eq!(judge(&claim, &told, &reads(&read)), fulfilled, "{read:?}");
        }
        let lost = reads(&[lacks, lacks, lacks]);
        assert_eq!(judge(&claim, &BTreeSet::new(), &lost), Fulfilled::Neither);
        assert_eq!(judge(&claim, &told, &Reads::new()), Fulfilled::Neither);
        let queues = Queues::new();
        let end = End { told: &told, reads: &lost, queues: &queues, servers: 3, leader: None };
        assert_eq!(end.judge(&claim), Fulfilled::Neither);
    }

    #[test]
    fn servers_differ_if_two_of_them_answer_differently() {
        let claim = Claim::Differ { path: "/x".to_owned() };
        let judged = |read: &[_]| judge(&claim, &BTreeSet::new(), &reads(read));
        assert_eq!(judged(&[Ok(None), Ok(Some("1"))]), Fulfilled::Yes);
        assert_eq!(judged(&[Ok(Some("1")), Ok(Some("1"))]), Fulfilled::No);
        assert_eq!(judged(&[Ok(None), Err("hangs up")]), Fulfilled::Neither);
    }

    #[test]
    fn a_lock_is_held_twice_if_two_clients_have_it_and_kept_if_one_has() {
        let claim = Claim::HeldTwice { path: "/lock".to_owned() };
        let judged = |queue: [Result<bool, &str>; 2]| {
            let queue = ["A", "B"]
                .into_iter()
                .zip(queue)
                .map(|(client, has)| (client.to_owned(), NodeId(0), has.map_err(str::to_owned)));
            let queues = Queues::from([("/lock".to_owned(), queue.collect())]);
            let (told, reads) = (BTreeSet::new(), Reads::new());
            let end = End { told: &told, reads: &reads, queues: &queues, servers: 3, leader: None };
            end.judge(&claim)
        };
        assert_eq!(judged([Ok(true), Ok(true)]), Fulfilled::Yes);
        assert_eq!(judged([Ok(true), Ok(false)]), Fulfilled::No);
        assert_eq!(judged([Ok(false), Ok(false)]), Fulfilled::Neither);
        assert_eq!(judged([Ok(true), Err("the session has ended")]), Fulfilled::Neither);
    }
}
