//! A trail as a plan for a driver's clock: the same actions in the same order, and whoever is late in
//! the trail is held up for as long.
//!
//! A driver delivers at its own pace, so a plan comes close to a trail and seldom is one: what it
//! comes to says an execution, and nothing else.

use zab_sim::explore::{Choice, OnDisk, Thread};
use zab_sim::schedule::{ClientOp, CrashMode, Files, GRAIN_US, StallTarget};
use zab_sim::{Act, Action, Schedule};

/// How a trail is laid out in time.
#[derive(Copy, Clone, Debug)]
pub(super) struct Pace {
    /// Between two steps, in microseconds.
    pub(super) step_us: u64,
    /// For an election, and for a connection to be made, in steps.
    pub(super) election: u64,
    /// Whoever waits for at least this number of steps is held up for that time.
    pub(super) patience: u64,
    /// Of the schedule: keys what the actions leave open.
    pub(super) seed: u64,
}

/// The schedule: that which happens first, then the steps.
pub(super) fn plan(first: &Schedule, steps: &[Choice], pace: Pace) -> Schedule {
    let (times, actions) = (times(steps, pace), first.actions.clone());
    let begin_us = actions.last().map_or(0, |last| last.at_us);
    let mut draft = Draft { times, steps, pace, actions, begin_us, operations: 0, writes: 0 };
    for at in 0..steps.len() {
        draft.act(at);
        draft.hold(at);
    }
    let seed = if begin_us == 0 { pace.seed } else { first.seed };
    let mut schedule = Schedule { seed, actions: draft.actions, ..*first };
    schedule.repair();
    schedule
}

/// When each step happens, in steps.
fn times(steps: &[Choice], pace: Pace) -> Vec<u64> {
    let mut now = 0;
    let mut time = |step: &Choice| {
        let takes = match step {
            Choice::Elect(_) | Choice::Join(_) | Choice::Start(_) => pace.election,
            _ => 1,
        };
        now += takes;
        now
    };
    steps.iter().map(&mut time).collect()
}

struct Draft<'a> {
    times: Vec<u64>,
    steps: &'a [Choice],
    pace: Pace,
    actions: Vec<Action>,
    /// When the first step begins, in microseconds.
    begin_us: u64,
    operations: u8,
    writes: u8,
}

impl Draft<'_> {
    fn us(&self, steps: u64) -> u64 {
        let us = steps * self.pace.step_us;
        us - us % GRAIN_US
    }

    fn push(&mut self, steps: u64, act: Act) {
        let at_us = self.begin_us + self.us(steps);
        self.actions.push(Action { at_us, act });
    }

    /// How long it takes from this step until one like that, or to the end of the trail and beyond.
    fn until(&self, at: usize, is_it: impl Fn(Choice) -> bool) -> u64 {
        let later = (at..self.steps.len()).find(|later| is_it(self.steps[*later]));
        let end = later.map_or(self.times.last().map_or(0, |end| end + self.pace.election), |at| {
            self.times[at]
        });
        self.us(end - self.times[at])
    }

    /// What a driver does not do by itself.
    fn act(&mut self, at: usize) {
        let time = self.times[at];
        let starts = |server: u8| move |step: Choice| step == Choice::Start(server);
        let act = match self.steps[at] {
            Choice::Write(server) => {
                self.writes += 1;
                self.ask(server, ClientOp::Write)
            }
            Choice::Read(server) => self.ask(server, ClientOp::Read),
            Choice::Kill(server) => Act::Kill { server, down_us: self.until(at, starts(server)) },
            Choice::PowerLoss(server, kept) => {
                let disk = match kept {
                    0 => CrashMode::LoseAll,
                    _ => CrashMode::KeepPrefix(kept),
                };
                Act::PowerLoss { server, disk, down_us: self.until(at, starts(server)) }
            }
            Choice::Blank(server) => {
                Act::BlankDisk { server, down_us: self.until(at, starts(server)) }
            }
            Choice::StepDown(server) | Choice::GiveUp(server) => Act::StepDown { server },
            Choice::Cut(a, b) => Act::Reset { a, b },
            Choice::FailWrite(server, file) => {
                Act::WriteError { server, file: Files::from(file), for_us: 0 }
            }
            Choice::FailFlush(server, file) => {
                Act::FlushError { server, file: Files::from(file), for_us: 0 }
            }
            // Who joins later was out of reach before.
            Choice::Join(server) => {
                let elected = |step: &Choice| matches!(step, Choice::Elect(_));
                let Some(before) = self.steps[..at].iter().rposition(elected) else { return };
                let since = self.times[before].saturating_sub(self.pace.election);
                let for_us = self.us(time - since);
                return self.push(since, Act::Isolate { server, for_us });
            }
            _ => return,
        };
        self.push(time, act);
    }

    fn ask(&mut self, server: u8, op: ClientOp) -> Act {
        let client = self.operations;
        self.operations += 1;
        Act::Client { client, server, op, key: self.writes.saturating_sub(1) }
    }

    /// Holds up what this step has waited for, if that was long: since the last one of its kind.
    fn hold(&mut self, at: usize) {
        let step = self.steps[at];
        let Some(hold) = held(step) else { return };
        let is_before = |other: &Choice| held(*other) == Some(hold) || opens(*other, hold);
        let before = self.steps[..at].iter().rposition(is_before);
        let since = before.map_or(0, |before| self.times[before]);
        let waited = self.times[at] - since;
        if waited < self.pace.patience {
            return;
        }
        let for_us = self.us(waited);
        let act = match hold {
            Hold::Way(from, to) => Act::Clog { from, to, open_only: true, for_us },
            Hold::Disk(server) => Act::StallDisk { server, for_us },
            Hold::Thread(server, actor) => Act::StallActor { server, actor, for_us },
        };
        self.push(since, act);
    }
}

/// What can be held up.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Hold {
    Way(u8, u8),
    Disk(u8),
    Thread(u8, StallTarget),
}

/// What would have had to be held up for this step to come late.
const fn held(step: Choice) -> Option<Hold> {
    match step {
        Choice::Deliver(from, to, _) | Choice::Break(to, from, _) => Some(Hold::Way(from, to)),
        Choice::Disk(server, OnDisk::Log | OnDisk::Snapshot) => Some(Hold::Disk(server)),
        Choice::Turn(server, Thread::Receiver | Thread::Loader) => {
            Some(Hold::Thread(server, StallTarget::Receiver))
        }
        Choice::Turn(server, Thread::LogWriter | Thread::LeakedLogWriter) => {
            Some(Hold::Thread(server, StallTarget::LogWriter))
        }
        Choice::Turn(server, Thread::Committer) => {
            Some(Hold::Thread(server, StallTarget::Committer))
        }
        Choice::Turn(server, Thread::Sender(_)) => Some(Hold::Thread(server, StallTarget::Senders)),
        _ => None,
    }
}

/// Whether nothing of that kind can have waited for longer than since this step.
const fn opens(step: Choice, hold: Hold) -> bool {
    match (step, hold) {
        (Choice::Connect(a, b), Hold::Way(from, to)) => {
            a == from && b == to || a == to && b == from
        }
        (Choice::Start(at), Hold::Disk(server) | Hold::Thread(server, _)) => at == server,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Schedule = Schedule::empty(0, 3);

    const PACE: Pace = Pace { step_us: 1000, election: 50, patience: 3, seed: 7 };

    #[test]
    fn faults_keep_their_order_and_whoever_is_late_is_held_up() {
        let steps = [
            Choice::Write(2),
            Choice::Deliver(2, 1, 0),
            Choice::Disk(2, OnDisk::Log),
            Choice::Kill(1),
            Choice::Start(1),
            Choice::Deliver(2, 0, 0),
        ];
        let schedule = plan(&FIRST, &steps, PACE);
        let at = |us: u64, act: Act| Action { at_us: us, act };
        let write = Act::Client { client: 0, server: 2, op: ClientOp::Write, key: 0 };
        let hold = Act::Clog { from: 2, to: 0, open_only: true, for_us: 55_000 };
        let slow = Act::StallDisk { server: 2, for_us: 3_000 };
        let kill = Act::Kill { server: 1, down_us: 50_000 };
        let expected = [at(0, slow), at(0, hold), at(1_000, write), at(4_000, kill)];
        assert_eq!(schedule.actions, expected);
        assert_eq!((schedule.seed, schedule.servers), (7, 3));
    }

    #[test]
    fn whoever_joins_later_was_out_of_reach_of_the_election() {
        let steps = [Choice::GiveUp(2), Choice::Elect(0b011), Choice::Join(2)];
        let acts: Vec<Act> = plan(&FIRST, &steps, PACE).actions.iter().map(|a| a.act).collect();
        let apart = Act::Isolate { server: 2, for_us: 100_000 };
        assert_eq!(acts, [Act::StepDown { server: 2 }, apart]);
    }
}
