//! What the actions of a schedule mean, seen from outside.

mod disks;
mod processes;
mod purges;

use crate::client::CLIENT_TIMEOUT;
use crate::due::Effects;
use crate::machine::SUPERVISOR_DELAY;
use crate::run::{Booted, Observer};
use crate::schedule::{Act, Action, ClientOp, CrashMode, Files, Schedule, StallTarget};
use std::ops::ControlFlow;
use zab_checker::{Event, Fact};
use zab_core::event::Note;
use zab_core::variant::Releases;
use zab_core::{DiskOp, NodeId, Outcome, Variant};

/// Time after boot in microseconds, server, and what happened there.
type Seen = (u64, Option<NodeId>, Fact);

struct Recorder(Vec<Event>);

impl Observer for Recorder {
    fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        self.0.push(event.clone());
        ControlFlow::Continue(())
    }
}

/// What is observed after boot and before healing.
fn chaos(actions: impl IntoIterator<Item = (u64, Act)>) -> Vec<Seen> {
    chaos_among(Variant::REFERENCE.into(), actions)
}

fn chaos_among(releases: Releases, actions: impl IntoIterator<Item = (u64, Act)>) -> Vec<Seen> {
    let actions = actions.into_iter().map(|(at_us, act)| Action { at_us, act });
    let mut schedule = Schedule { actions: actions.collect(), ..Schedule::empty(1, 3) };
    // Chaos continues for a second, so that consequences are seen.
    schedule.actions.push(Action { at_us: 1_000_000, act: Act::HealAll });
    assert_eq!(schedule.validate(), Ok(()));
    let booted = Booted::new(3, releases);
    let (boot, origin) = (booted.evidence().len(), booted.driver().now().0);
    let mut recorder = Recorder(Vec::new());
    booted.run(&schedule, &mut recorder);
    let after_boot = recorder.0.into_iter().skip(boot);
    after_boot
        .map(|event| (event.at.0 - origin, event.node, event.fact))
        .take_while(|(at, ..)| *at < 1_000_000)
        .collect()
}

fn times(seen: &[Seen], server: u8, fact: impl Fn(&Fact) -> bool) -> Vec<u64> {
    let at_server = seen.iter().filter(|(_, node, _)| *node == Some(NodeId(server)));
    at_server.filter(|(_, _, found)| fact(found)).map(|(at, ..)| *at).collect()
}

fn first(seen: &[Seen], server: u8, fact: impl Fn(&Fact) -> bool) -> u64 {
    *times(seen, server, fact).first().expect("this happens at the server")
}

fn stepped_down(fact: &Fact) -> bool {
    *fact == Fact::Noted(Note::SteppedDown)
}

fn started(fact: &Fact) -> bool {
    matches!(fact, Fact::Started(_))
}

fn went_down(fact: &Fact) -> bool {
    matches!(fact, Fact::Crashed { .. })
}

fn disk_done(fact: &Fact) -> bool {
    matches!(fact, Fact::DiskDone { .. })
}

fn timed_out(fact: &Fact) -> bool {
    matches!(fact, Fact::TimedOut { .. })
}

fn written(fact: &Fact) -> bool {
    matches!(fact, Fact::Returned { outcome: Outcome::Written { .. }, .. })
}

fn appended(fact: &Fact) -> bool {
    matches!(fact, Fact::DiskAsked { op: DiskOp::Append(_), .. })
}

/// It does not happen.
const NEVER: [u64; 0] = [];

const fn write(client: u8, server: u8) -> Act {
    Act::Client { client, server, op: ClientOp::Write, key: 0 }
}

const fn power_loss(server: u8, down_us: u64) -> Act {
    Act::PowerLoss { server, disk: CrashMode::KeepAll, down_us }
}

const fn power_loss_of_everything(server: u8) -> Act {
    Act::PowerLoss { server, disk: CrashMode::LoseAll, down_us: 10_000 }
}

#[test]
fn peers_of_a_killed_process_know_at_once_and_those_of_a_power_loss_time_out() {
    let killed = chaos([(10_000, Act::Kill { server: 2, down_us: 900_000 })]);
    assert!(first(&killed, 0, stepped_down) < 12_000);
    let powerless = chaos([(10_000, power_loss(2, 900_000))]);
    let at = first(&powerless, 0, stepped_down);
    assert!(at > 100_000 && at < 300_000, "stepped down at {at}");
}

#[test]
fn peers_learn_of_a_power_loss_when_the_server_is_back() {
    let seen = chaos([(10_000, power_loss(2, 20_000))]);
    let (back, noticed) = (first(&seen, 2, started), first(&seen, 0, stepped_down));
    assert_eq!(back, 30_000);
    assert!(noticed > back && noticed < back + 2_000, "noticed at {noticed}");
}

#[test]
fn a_server_that_is_down_loses_no_power_again() {
    let seen = chaos([(10_000, power_loss(2, 50_000)), (20_000, power_loss(2, 400_000))]);
    assert_eq!(times(&seen, 2, went_down), [10_000]);
    assert_eq!(times(&seen, 2, started), [60_000]);
}

#[test]
fn a_step_down_keeps_the_process() {
    let seen = chaos([(10_000, Act::StepDown { server: 0 })]);
    assert_eq!(times(&seen, 0, stepped_down), [10_000]);
    assert_eq!(times(&seen, 0, started), NEVER);
    assert_eq!(times(&seen, 1, stepped_down), NEVER, "the others go on");
}

#[test]
fn a_short_cut_resets_the_connection_when_it_ends() {
    let cut = Act::Cut { from: 2, to: 0, both_ways: false, for_us: 30_000 };
    let seen = chaos([(10_000, cut)]);
    let at = first(&seen, 0, stepped_down);
    assert!(at > 40_000 && at < 42_000, "noticed at {at}");
    assert_eq!(times(&seen, 1, stepped_down), NEVER);
}

#[test]
fn a_cut_leader_is_deposed_and_the_majority_elects_another() {
    let seen = chaos([(10_000, Act::Isolate { server: 2, for_us: 900_000 })]);
    let established = |fact: &Fact| matches!(fact, Fact::Noted(Note::Established { .. }));
    assert_eq!(times(&seen, 1, established).len(), 1);
    assert!(first(&seen, 2, stepped_down) < 300_000);
}

#[test]
fn a_clog_delays_and_loses_nothing() {
    let clog = Act::Clog { from: 2, to: 0, open_only: false, for_us: 60_000 };
    let seen = chaos([(10_000, clog), (12_000, write(0, 2)), (14_000, write(1, 2))]);
    let appends = times(&seen, 0, appended);
    assert_eq!(appends.len(), 2);
    assert!(appends.iter().all(|at| *at >= 70_000 && *at < 72_000), "{appends:?}");
    assert_eq!(times(&seen, 0, stepped_down), NEVER);
}

#[test]
fn a_clog_of_open_connections_spares_a_new_one() {
    let clog = |open_only| Act::Clog { from: 2, to: 0, open_only, for_us: 300_000 };
    let rejoins = |open_only| {
        let step_down = (11_000, Act::StepDown { server: 0 });
        let seen = chaos([(10_000, clog(open_only)), step_down, (200_000, write(0, 2))]);
        first(&seen, 0, appended)
    };
    assert!(rejoins(true) < 202_000, "it follows on a new connection");
    assert!(rejoins(false) > 310_000, "on no connection");
    let short = Act::Clog { from: 2, to: 0, open_only: true, for_us: 60_000 };
    let seen = chaos([(10_000, short), (12_000, write(0, 2))]);
    assert!(first(&seen, 0, appended) >= 70_000, "the old one waits");
}

#[test]
fn a_reset_connection_is_noticed_at_once_by_its_follower_only() {
    let seen = chaos([(10_000, Act::Reset { a: 0, b: 2 })]);
    assert_eq!(times(&seen, 0, stepped_down), [10_000]);
    assert_eq!(times(&seen, 1, stepped_down), NEVER);
}

#[test]
fn a_stalled_follower_hears_all_that_a_killed_leader_said_whatever_befalls_the_network_since() {
    for since in [
        Act::Isolate { server: 0, for_us: 10_000 },
        Act::Reset { a: 0, b: 2 },
        Act::Cut { from: 0, to: 2, both_ways: false, for_us: 10_000 },
    ] {
        let seen = chaos([
            (0, Act::StallNode { server: 0, for_us: 100_000 }),
            (1_000, Act::Client { client: 0, server: 2, op: ClientOp::Write, key: 0 }),
            (10_000, Act::Kill { server: 2, down_us: 500_000 }),
            (20_000, since),
        ]);
        let appended = first(&seen, 0, appended);
        assert!((100_000..101_000).contains(&appended), "{since:?}: {appended}");
    }
}

#[test]
fn nothing_happens_in_a_stalled_process_and_everything_happens_after_it() {
    let stall = Act::StallNode { server: 0, for_us: 80_000 };
    let seen = chaos([(10_000, stall), (12_000, write(0, 2)), (13_000, write(1, 2))]);
    let busy = times(&seen, 0, |fact| !matches!(fact, Fact::Fault(_)));
    assert!(busy.iter().all(|at| *at >= 90_000), "{busy:?}");
    assert_eq!(times(&seen, 0, appended).len(), 2);
    assert_eq!(times(&seen, 2, written).len(), 2, "the others are a quorum");
}

#[test]
fn a_stalled_log_writer_holds_back_its_log_and_nothing_else() {
    let actor = StallTarget::LogWriter;
    let stall = Act::StallActor { server: 0, actor, for_us: 80_000 };
    let seen = chaos([(10_000, stall), (12_000, write(0, 2))]);
    let delivered = |fact: &Fact| matches!(fact, Fact::Delivered(_));
    assert!(first(&seen, 0, appended) >= 90_000);
    assert!(first(&seen, 0, delivered) < 20_000, "memory runs ahead of the log");
}

#[test]
fn a_stalled_disk_completes_nothing() {
    let stall = Act::StallDisk { server: 0, for_us: 80_000 };
    let seen = chaos([(10_000, stall), (12_000, write(0, 2))]);
    assert!(first(&seen, 0, appended) < 20_000);
    assert!(first(&seen, 0, disk_done) >= 90_000);
}

/// S0 is killed while its disk is stalled and has work to do, and starts again at once.
fn killed_behind(then: impl IntoIterator<Item = (u64, Act)>) -> Vec<Seen> {
    let stall = Act::StallDisk { server: 0, for_us: 80_000 };
    let kill = Act::Kill { server: 0, down_us: 0 };
    let first = [(10_000, stall), (12_000, write(0, 2)), (20_000, kill)];
    chaos(first.into_iter().chain(then))
}

fn looking(fact: &Fact) -> bool {
    matches!(fact, Fact::Noted(Note::Looking { .. }))
}

fn records(fact: &Fact) -> Option<usize> {
    match fact {
        Fact::Started(found) => Some(found.log.len()),
        _ => None,
    }
}

#[test]
fn a_process_flushes_what_a_killed_one_left_before_it_votes() {
    let seen = killed_behind([]);
    assert_eq!(times(&seen, 0, |fact| records(fact) == Some(4)), [20_000], "it can be read");
    assert!(first(&seen, 0, looking) >= 90_000, "the disk is stalled until then");
    let idle = chaos([(0, Act::Kill { server: 0, down_us: 0 })]);
    assert_eq!(times(&idle, 0, looking)[..1], [0], "nothing was left");
}

#[test]
fn a_power_loss_takes_what_an_earlier_process_left_unless_it_was_written_back() {
    let loss = (30_000, power_loss_of_everything(0));
    let lost = killed_behind([loss]);
    assert_eq!(times(&lost, 0, |fact| records(fact) == Some(3)), [40_000]);
    let kept = killed_behind([(25_000, Act::WriteBack { server: 0 }), loss]);
    assert_eq!(times(&kept, 0, |fact| *fact == Fact::WrittenBack), [25_000]);
    assert_eq!(times(&kept, 0, |fact| records(fact) == Some(4)), [20_000, 40_000]);
}

#[test]
fn overlapping_faults_end_with_the_later_one() {
    let long = Act::StallDisk { server: 0, for_us: 80_000 };
    let short = Act::StallDisk { server: 0, for_us: 10_000 };
    let seen = chaos([(10_000, long), (12_000, write(0, 2)), (20_000, short)]);
    assert!(first(&seen, 0, disk_done) >= 90_000);
}

#[test]
fn a_swizzle_isolates_one_server_after_the_other() {
    let seen = chaos([(10_000, Act::Swizzle { mask: 0b111, for_us: 20_000 })]);
    let isolated = |fact: &Fact| *fact == Fact::Fault("isolated");
    let mut all: Vec<u64> = (0..3).flat_map(|id| times(&seen, id, isolated)).collect();
    all.sort_unstable();
    assert_eq!(all, [10_000, 30_000, 50_000]);
}

#[test]
fn healing_ends_faults_that_would_last_and_those_to_come() {
    let swizzle = Act::Swizzle { mask: 0b011, for_us: 300_000 };
    let stall = Act::StallDisk { server: 1, for_us: 800_000 };
    let seen = chaos([
        (10_000, power_loss(0, 900_000)),
        (10_000, stall),
        (10_000, swizzle),
        (20_000, Act::HealAll),
        (150_000, write(0, 2)),
    ]);
    assert_eq!(times(&seen, 0, started), [20_000]);
    assert!(first(&seen, 1, disk_done) < 200_000);
    let isolated = |fact: &Fact| *fact == Fact::Fault("isolated");
    let count: usize = (0..3).map(|id| times(&seen, id, isolated).len()).sum();
    assert_eq!(count, 1);
}

#[test]
fn a_client_of_a_server_that_is_down_gives_up() {
    let seen = chaos([(10_000, power_loss(0, 500_000)), (20_000, write(0, 0))]);
    assert_eq!(times(&seen, 0, timed_out), [20_000 + CLIENT_TIMEOUT.0]);
}

#[test]
fn a_client_with_an_open_operation_does_nothing_else() {
    let stall = Act::StallDisk { server: 2, for_us: 80_000 };
    let stall_too = Act::StallDisk { server: 1, for_us: 80_000 };
    let seen = chaos([
        (10_000, stall),
        (10_000, stall_too),
        (12_000, write(0, 2)),
        (20_000, write(0, 1)),
        (200_000, write(0, 1)),
    ]);
    let invoked = |fact: &Fact| matches!(fact, Fact::Invoked { .. });
    assert_eq!(times(&seen, 2, invoked), [12_000]);
    assert_eq!(times(&seen, 1, invoked), [200_000]);
}

#[test]
fn a_server_that_steps_down_leaves_its_clients_in_doubt() {
    let stall = |server| Act::StallDisk { server, for_us: 80_000 };
    let seen = chaos([
        (10_000, stall(1)),
        (10_000, stall(2)),
        (12_000, write(0, 2)),
        (20_000, Act::StepDown { server: 2 }),
    ]);
    assert_eq!(times(&seen, 2, timed_out), [20_000]);
}

#[test]
fn a_fast_clock_loses_patience_early() {
    let skew = Act::Skew { server: 0, per_mille: 900, for_us: 900_000 };
    let steady = chaos([(10_000, power_loss(2, 900_000))]);
    let fast = chaos([(9_000, skew), (10_000, power_loss(2, 900_000))]);
    assert!(first(&fast, 0, stepped_down) + 50_000 < first(&steady, 0, stepped_down));
}

#[test]
fn worlds_in_which_the_same_happened_are_equal() {
    let booted = Booted::new(3, Variant::REFERENCE);
    let now = booted.driver().now();
    let [mut one, mut two] = [booted.driver().world().clone(), booted.driver().world().clone()];
    one.act(now, power_loss(0, 1000), &mut Effects::default());
    assert_ne!(one, two);
    two.act(now, power_loss(0, 1000), &mut Effects::default());
    assert_eq!(one, two);
}
