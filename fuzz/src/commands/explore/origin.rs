//! Where an exploration starts: the end of a trail, or an action of a stored case.

use super::super::{Failure, read_case};
use super::read;
use crate::trail::Trail;
use std::path::Path;
use zab_sim::Schedule;
use zab_sim::explore::Setting;

/// What comes before an exploration.
pub(super) enum Origin {
    Trail(Box<Trail>),
    Schedule(Schedule),
}

impl Origin {
    /// What is in a file; of a schedule no more than this many actions.
    pub(super) fn read(path: &Path, first: Option<usize>) -> Result<Self, Failure> {
        let usage =
            |what: String| Err(Failure::usage(format!("--first: {}: {what}", path.display())));
        if let Some(trail) = read(path)? {
            return match first {
                None => Ok(Self::Trail(Box::new(trail))),
                Some(_) => usage("has steps and no actions: leave --first out".to_owned()),
            };
        }
        let mut schedule = read_case(path)?.schedule;
        let actions = schedule.actions.len();
        match first {
            Some(first) if !(1..=actions).contains(&first) => {
                usage(format!("choose from 1 to {actions}"))
            }
            first => {
                schedule.actions.truncate(first.unwrap_or(actions));
                Ok(Self::Schedule(schedule))
            }
        }
    }

    /// Has the exploration begin there.
    pub(super) fn begin(self, path: &Path, setting: &mut Setting) -> Result<(), Failure> {
        let servers = match &self {
            Self::Trail(trail) => trail.servers,
            Self::Schedule(schedule) => schedule.servers,
        };
        if servers != setting.servers {
            let path = path.display();
            return Err(Failure::usage(format!("{path}: for --servers {servers}")));
        }
        match self {
            Self::Trail(trail) => {
                trail.first.iter().for_each(|first| setting.after(first));
                setting.before = trail.steps;
            }
            Self::Schedule(schedule) => setting.after(&schedule),
        }
        Ok(())
    }
}
