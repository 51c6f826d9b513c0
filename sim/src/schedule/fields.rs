//! The parts that actions have, and what range each of them has: the one place that knows, for
//! validation (which complains) and for repair (which bends what is out of range into it).

use super::KEYS;
use super::{ACTIONS_MAX, Act, Action, CLIENTS, FORMAT, GRAIN_US, SKEW_MAX, SPAN_MAX_US, Schedule};
use super::{ClientOp, CrashMode, Files, StallTarget};
use zab_core::variant::Release;

/// What is wrong with a schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// It is no schedule in JSON.
    #[error("{0}")]
    Json(String),
    /// It was written by a newer build.
    #[error("format version {0}: this build reads versions 1 to {FORMAT}, use a newer one")]
    Version(u16),
    /// No such ensemble.
    #[error("servers: {0} is not possible, write 3, 5 or 7")]
    Servers(u8),
    /// Too long.
    #[error("{0} actions: at most {ACTIONS_MAX} are possible, remove some")]
    TooMany(usize),
    /// The order of actions is the order of their times.
    #[error("action {0} is earlier than the one before: sort the actions by at_us")]
    Unsorted(usize),
    /// A number is out of range.
    #[error("action {number}: {field}: {problem}")]
    Field {
        /// Which action, counted from 1.
        number: usize,
        /// Which field of it.
        field: &'static str,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

/// A part of an action.
pub(super) enum Field<'a> {
    Server(&'a mut u8),
    /// Another server than the one before.
    Peer(&'a mut u8),
    Span(&'a mut u64),
    Client(&'a mut u8),
    Op(&'a mut ClientOp),
    Key(&'a mut u8),
    Skew(&'a mut i16),
    Mask(&'a mut u8),
    Flag(&'a mut bool),
    Disk(&'a mut CrashMode),
    Actor(&'a mut StallTarget),
    File(&'a mut Files),
    Release(&'a mut Release),
}

impl Act {
    /// The duration inside the action, if it has one.
    pub fn span_mut(&mut self) -> Option<&mut u64> {
        self.fields().find_map(|(_, field)| match field {
            Field::Span(us) => Some(us),
            _ => None,
        })
    }

    /// The duration inside the action; 0 if it has none.
    pub fn span_us(mut self) -> u64 {
        self.span_mut().map_or(0, |us| *us)
    }

    /// The servers that the action names one by one.
    pub fn servers_mut(&mut self) -> impl Iterator<Item = &mut u8> {
        self.fields().filter_map(|(_, field)| match field {
            Field::Server(server) | Field::Peer(server) => Some(server),
            _ => None,
        })
    }

    /// The servers that the action names, those of a mask included, each once.
    pub fn servers(mut self) -> impl Iterator<Item = u8> {
        let set = self.fields().fold(0, |set, (_, field)| match field {
            Field::Server(server) | Field::Peer(server) => set | bit(*server),
            Field::Mask(mask) => set | *mask,
            _ => set,
        });
        (0..8).filter(move |server| set & bit(*server) != 0)
    }

    /// The same action with every number bent into its range.
    pub(super) fn repaired(mut self, servers: u8) -> Self {
        let mut before = None;
        for (_, field) in self.fields() {
            match field {
                Field::Server(server) => {
                    *server %= servers;
                    before = Some(*server);
                }
                Field::Peer(server) => {
                    *server %= servers;
                    if before == Some(*server) {
                        *server = (*server + 1) % servers;
                    }
                }
                Field::Span(us) => *us = (*us - *us % GRAIN_US).min(SPAN_MAX_US),
                Field::Client(client) => *client %= CLIENTS,
                Field::Key(key) => *key %= KEYS as u8,
                Field::Skew(rate) => *rate %= SKEW_MAX + 1,
                Field::Mask(mask) => *mask &= full_mask(servers),
                _ => {}
            }
        }
        self
    }

    fn problem(mut self, servers: u8) -> Option<(&'static str, String)> {
        let mut before = None;
        self.fields().find_map(|(name, field)| match field {
            Field::Server(server) | Field::Peer(server) if *server >= servers => {
                Some((name, format!("no server {server}, choose 0 to {}", servers - 1)))
            }
            Field::Server(server) => {
                before = Some(*server);
                None
            }
            Field::Peer(server) if before == Some(*server) => {
                Some((name, format!("{server} is the same server, choose another")))
            }
            Field::Span(us) => span_problem(*us).map(|problem| (name, problem)),
            Field::Client(client) if *client >= CLIENTS => {
                Some((name, format!("no client {client}, choose 0 to {}", CLIENTS - 1)))
            }
            Field::Key(key) if usize::from(*key) >= KEYS => {
                Some((name, format!("no key {key}, choose 0 to {}", KEYS - 1)))
            }
            Field::Skew(rate) if rate.unsigned_abs() > SKEW_MAX.unsigned_abs() => {
                let range = format!("choose -{SKEW_MAX} to {SKEW_MAX}");
                Some((name, format!("{rate} is too much, {range}")))
            }
            Field::Mask(mask) if *mask & !full_mask(servers) != 0 => {
                let most = full_mask(servers);
                Some((name, format!("{mask} has more than {servers} bits, at most {most}")))
            }
            _ => None,
        })
    }
}

/// A server in a mask; none if no ensemble has it.
const fn bit(server: u8) -> u8 {
    if server < 8 { 1 << server } else { 0 }
}

const fn full_mask(servers: u8) -> u8 {
    (1 << servers) - 1
}

fn span_problem(us: u64) -> Option<String> {
    if !us.is_multiple_of(GRAIN_US) {
        let below = us - us % GRAIN_US;
        return Some(format!("{us} is no multiple of {GRAIN_US}, write {below}"));
    }
    (us > SPAN_MAX_US).then(|| format!("{us} is too long, at most {SPAN_MAX_US}"))
}

impl Schedule {
    /// Checks every number and the order of actions.
    pub fn validate(&self) -> Result<(), ScheduleError> {
        if self.version == 0 || self.version > FORMAT {
            return Err(ScheduleError::Version(self.version));
        }
        if !matches!(self.servers, 3 | 5 | 7) {
            return Err(ScheduleError::Servers(self.servers));
        }
        if self.actions.len() > ACTIONS_MAX {
            return Err(ScheduleError::TooMany(self.actions.len()));
        }
        for (index, action) in self.actions.iter().enumerate() {
            let at = span_problem(action.at_us).map(|problem| ("at_us", problem));
            if let Some((field, problem)) = at.or_else(|| action.act.problem(self.servers)) {
                return Err(ScheduleError::Field { number: index + 1, field, problem });
            }
        }
        match self.actions.windows(2).position(|pair| pair[0].at_us > pair[1].at_us) {
            Some(index) => Err(ScheduleError::Unsorted(index + 2)),
            None => Ok(()),
        }
    }

    /// Makes any schedule of 3, 5 or 7 servers valid: bends numbers into their ranges, sorts the
    /// actions by time, and leaves out those beyond [`ACTIONS_MAX`]. Changes no valid schedule.
    pub fn repair(&mut self) {
        assert!(matches!(self.servers, 3 | 5 | 7), "no ensemble of {} servers", self.servers);
        self.version = FORMAT;
        self.actions.truncate(ACTIONS_MAX);
        for Action { at_us, act } in &mut self.actions {
            *at_us = (*at_us - *at_us % GRAIN_US).min(SPAN_MAX_US);
            *act = act.repaired(self.servers);
        }
        self.actions.sort_by_key(|action| action.at_us);
    }
}
