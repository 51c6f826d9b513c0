//! What a case claims, as data: for whoever holds it against a real server, or draws it.

use serde::{Deserialize, Serialize};
use zab_checker::loss::{Beginning, Knowledge, Loss};
use zab_core::{Change, Zxid};

/// The write that is lost, or was lost and came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Its zxid: epoch and counter.
    pub zxid: [u32; 2],
    /// The client's request: session and number.
    pub request: [u32; 2],
    /// The register, the value and the version that it wrote.
    pub write: Option<[u32; 3]>,
    /// How clients knew of it.
    pub known: Known,
    /// The epoch that began without it.
    pub lost: Establishment,
    /// The epoch that began with it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Establishment>,
    /// Another write has taken its place since.
    pub overwritten: bool,
}

/// How clients knew of a write.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known {
    /// One was told that it is committed.
    Acknowledged,
    /// One read its value.
    Read,
}

/// An epoch that was established.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Establishment {
    /// Which.
    pub epoch: u32,
    /// The number of its leader.
    pub leader: u8,
}

/// That a real server did what the case says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmed {
    /// Which release of ZooKeeper, as in `3.8.0`.
    pub release: String,
    /// How many runs did the same.
    pub runs: u32,
    /// How many runs there were.
    pub of: u32,
    /// The day, as in `2026-11-29`.
    pub date: String,
    /// The build of this tool, and after a `+` the checksum of the scenario that it made of the case.
    pub build: String,
}

impl Confirmed {
    /// Notes down more runs. Those of the same scenario on the same release are added up. What another
    /// scenario came to stays until there are as many runs of this one: a translation that was mended is
    /// not what was refuted, and one run says less than ten.
    pub fn note(self, known: &mut Vec<Self>) {
        let Self { release, build, .. } = &self;
        let is_same = |one: &Self| one.release == *release && one.build == *build;
        let before = known
            .extract_if(.., |one| is_same(one))
            .fold((0, 0), |(runs, of), one| (runs + one.runs, of + one.of));
        let all = Self { runs: before.0 + self.runs, of: before.1 + self.of, ..self };
        known.retain(|one| one.release != all.release || one.of > all.of);
        known.push(all);
        known.sort_by(|a, b| (&a.release, b.of).cmp(&(&b.release, a.of)));
    }

    /// What was seen, in a sentence.
    pub fn sentence(&self) -> String {
        let Self { release, runs, of, date, .. } = self;
        match runs {
            0 => format!("ZooKeeper {release} did not do the same in any of {of} runs ({date})."),
            _ => format!("ZooKeeper {release} did the same in {runs} of {of} runs ({date})."),
        }
    }
}

impl Claim {
    /// What is claimed of a loss.
    pub fn of(loss: &Loss) -> Self {
        let Zxid { epoch, counter } = loss.txn.zxid;
        let write = match loss.txn.change {
            Change::Set { key, value, version } => Some([u32::from(key.0), value, version]),
            _ => None,
        };
        Self {
            zxid: [epoch.0, counter],
            request: [u32::from(loss.txn.request.session.0), loss.txn.request.cxid],
            write,
            known: match loss.known.how {
                Knowledge::Acknowledged => Known::Acknowledged,
                Knowledge::Read => Known::Read,
            },
            lost: Establishment::of(&loss.lost),
            back: loss.back.as_ref().map(Establishment::of),
            overwritten: loss.is_overwritten,
        }
    }
}

impl Establishment {
    const fn of(beginning: &Beginning) -> Self {
        Self { epoch: beginning.epoch.0, leader: beginning.leader.0 }
    }
}
