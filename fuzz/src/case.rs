//! A stored repro: everything that is needed to run a finding again, and to understand it.
//!
//! JSON with one action a line, so that a person can review it, edit it and see in a diff what
//! changed. It holds the decoded schedule and no seed of any campaign is needed to run it, so it
//! outlives generators and mutators.
//!
//! | format | what changed |
//! |---|---|
//! | 1 | |
//! | 2 | `expected` says whether a client's read shows the loss, and what the claim is, as data; `confirmed` lists the real servers that did the same; the file's name says the mechanism |
//! | 3 | `variant` may name an upgrade, as in `zk-3.9.3:zk-3.9.5`, and `upgrade` is an action |
//! | 4 | `shown_in` lists the releases that show the same, as the model has them |

mod claim;
mod file;
mod holds;
mod releases;
mod told;

pub use claim::{Claim, Confirmed, Establishment, Known};
pub use file::{CaseError, parse, read, render, write, write_into};
pub use holds::{Broken, Judges};
pub use releases::{ShownIn, shown_in};
pub use told::Told;

use crate::variants;
use serde::{Deserialize, Serialize};
use zab_checker::{Class, Verdict};
use zab_core::variant::{Kind, Named};
use zab_sim::{DriverKind, Schedule};

/// The newest format of case files, which this build writes; it reads all older ones.
pub const FORMAT: u16 = 4;

/// A stored repro.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Version of the file format.
    pub format: u16,
    /// The name of the variant that it was found in.
    pub variant: String,
    /// What runs the simulation.
    pub driver: Driver,
    /// What running it shows.
    pub expected: Expected,
    /// The releases, as the model has them, in which the same schedule breaks the same rule, by their
    /// names in the catalogue. `None` if nobody has tried.
    #[serde(default)]
    pub shown_in: Option<ShownIn>,
    /// The defects of the variant that it needs: the reference with these alone shows the same.
    pub defects: Vec<String>,
    /// The real servers that were seen to do the same.
    #[serde(default)]
    pub confirmed: Vec<Confirmed>,
    /// Where it comes from.
    pub provenance: Provenance,
    /// What shall happen.
    pub schedule: Schedule,
    /// What happened, for people; nothing reads it.
    pub story: Vec<String>,
}

/// What runs a simulation.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Driver {
    /// The discrete-event queue over virtual time.
    #[default]
    Direct,
    /// Servers with sockets and tasks, inside turmoil: slower, and closer to a real server.
    #[cfg(feature = "turmoil")]
    Turmoil,
}

impl Driver {
    /// Its name in a case and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            #[cfg(feature = "turmoil")]
            Self::Turmoil => "turmoil",
        }
    }

    /// What the simulator calls it.
    pub const fn kind(self) -> DriverKind {
        match self {
            Self::Direct => DriverKind::Direct,
            #[cfg(feature = "turmoil")]
            Self::Turmoil => DriverKind::Turmoil,
        }
    }
}

/// What running a case shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Expected {
    /// No rule is broken.
    Valid,
    /// A rule is broken.
    Violation {
        /// The name of its class.
        class: String,
        /// Whether a client's read shows what is lost.
        #[serde(default)]
        client_visible: bool,
        /// What was seen, in one sentence.
        what: String,
        /// The write that is lost, or was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claim: Option<Claim>,
    },
}

/// Where a case comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The tool that wrote it, with its version.
    pub tool: String,
    /// The seed of the campaign that found it.
    pub seed: u64,
    /// The execution of that campaign, within its thread, that found it.
    pub execution: u64,
    /// Executions spent on minimizing it.
    pub minimizing: u64,
    /// Actions of the schedule before it was minimized.
    pub actions_before: usize,
}

impl Provenance {
    /// The tool as it names itself in cases.
    pub fn tool() -> String {
        format!("zab {}", env!("CARGO_PKG_VERSION"))
    }
}

impl Expected {
    /// What a verdict makes one expect of the next run. `None` if there was no decision.
    pub fn of(verdict: &Verdict) -> Option<Self> {
        match verdict {
            Verdict::Valid => Some(Self::Valid),
            Verdict::Violation(violation) => Some(Self::Violation {
                class: violation.class.name().to_owned(),
                client_visible: violation.is_client_visible(),
                what: violation.detail.to_string(),
                claim: violation.loss().map(Claim::of),
            }),
            Verdict::Unknown(_) => None,
        }
    }

    /// The class of the violation, if one is expected.
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Valid => None,
            Self::Violation { class, .. } => Class::parse(class),
        }
    }

    /// Whether a violation is expected that a client's read shows.
    pub const fn is_client_visible(&self) -> bool {
        matches!(self, Self::Violation { client_visible: true, .. })
    }
}

impl Case {
    /// The variant it was found in. Reading a case has checked that there is one.
    pub fn named(&self) -> Named {
        variants::named(&self.variant).expect("a case with an unknown variant is not read")
    }

    /// The name of its file, without the extension: the variant and the mechanism, which is the set
    /// of defects that it needs. A single defect is its own mechanism. Cases lie in folders by class.
    pub fn name(&self) -> String {
        let mut name = self.variant.replace(':', "-to-");
        if self.defects.is_empty() {
            // What needs no defect has no mechanism to be named after.
            name += &format!("--{:08x}", crc32fast::hash(&self.schedule.to_bytes()));
        } else if matches!(self.named().kind, Kind::Release | Kind::Proposal) {
            let defects: Vec<_> = self.defects.iter().map(|name| name.replace('_', "-")).collect();
            name += &format!("--{}", defects.join("+"));
        }
        if self.schedule.servers != 3 {
            name += &format!("--{}-servers", self.schedule.servers);
        }
        name
    }

    /// The first thing that is wrong with its contents, apart from the schedule.
    fn problem(&self) -> Option<CaseError> {
        if let Err(unknown) = variants::named(&self.variant) {
            return Some(unknown.into());
        }
        if let Expected::Violation { class, .. } = &self.expected
            && Class::parse(class).is_none()
        {
            return Some(CaseError::Class(class.clone()));
        }
        if let Some(unknown) = self.shown_in.as_ref().and_then(ShownIn::unknown) {
            return Some(CaseError::Release(unknown.to_owned()));
        }
        None
    }
}
