//! Whole executions in which clients queue for the lock.

use crate::run::{Booted, Observer};
use crate::schedule::samples::{noisy, schedule};
use crate::schedule::{Act, Schedule, Workload};
use std::ops::ControlFlow;
use zab_checker::{Checker, Class, Event, Fact, News, Standard, Verdict};
use zab_core::{Op, SessionId, Variant};

/// Keeps what clients learn, and judges.
struct Watch {
    news: Vec<(u64, SessionId, News)>,
    /// The sessions that wrote what the lock guards.
    writers: Vec<SessionId>,
    checker: Checker,
}

impl Observer for Watch {
    fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        if let Fact::Lock { session, news } = event.fact {
            self.news.push((event.at.0, session, news));
        }
        if let Fact::Invoked { request, op: Op::Write { .. } } = event.fact
            && request.session.is_tracked()
        {
            self.writers.push(request.session);
        }
        self.checker.observe(event);
        ControlFlow::Continue(())
    }
}

fn run(booted: &Booted, schedule: Schedule) -> (Vec<(u64, SessionId, News)>, Verdict) {
    let (watch, verdict) = watch(booted, Schedule { workload: Workload::Locks, ..schedule });
    (watch.news, verdict)
}

fn watch(booted: &Booted, schedule: Schedule) -> (Watch, Verdict) {
    let checker = Checker::new(schedule.servers, Standard::Strict);
    let mut watch = Watch { news: Vec::new(), writers: Vec::new(), checker };
    booted.run(&schedule, &mut watch);
    let verdict = watch.checker.finish();
    (watch, verdict)
}

fn booted() -> Booted {
    Booted::new(3, Variant::REFERENCE)
}

/// The sessions that came to have the lock, in order.
fn holders(news: &[(u64, SessionId, News)]) -> Vec<SessionId> {
    let holds = |(_, session, news): &(u64, SessionId, News)| {
        matches!(news, News::Holds { .. }).then_some(*session)
    };
    news.iter().filter_map(holds).collect()
}

#[test]
fn without_faults_each_client_has_a_node_and_one_of_them_the_lock() {
    let (news, verdict) = run(&booted(), schedule(1, []));
    assert_eq!(verdict, Verdict::Valid);
    let numbers: Vec<u8> = news
        .iter()
        .filter_map(|(_, _, news)| match news {
            News::Named { number, .. } => Some(*number),
            _ => None,
        })
        .collect();
    assert_eq!(numbers, [0, 1, 2]);
    assert_eq!(holders(&news).len(), 1, "{news:?}");
    let calm = |news: &News| !matches!(news, News::Suspended | News::Expired);
    assert!(news.iter().all(|(_, _, news)| calm(news)), "{news:?}");
}

#[test]
fn who_has_the_lock_writes_and_nobody_else() {
    let long = schedule(1, [(2_000_000, Act::HealAll)]);
    let calm = Schedule { workload: Workload::Locks, ..long };
    let (watch, verdict) = watch(&booted(), calm);
    assert_eq!(verdict, Verdict::Valid);
    let holder = holders(&watch.news)[0];
    assert!(watch.writers.len() > 1, "now and then");
    assert!(watch.writers.iter().all(|writer| *writer == holder), "{:?}", watch.writers);
}

/// What a learner sends stands on the way to its leader, a write of the client that has the lock among it, until
/// the leader has ended that client's session.
#[test]
fn a_write_comes_after_the_end_of_its_session_if_local_sessions_let_it_pass() {
    let clog = Act::Clog { from: 0, to: 2, open_only: false, for_us: 200_000 };
    let class = |booted: &Booted, workload| {
        let plan = schedule(547_931_943_634_415_764, [(100_000, clog)]);
        watch(booted, Schedule { workload, ..plan }).1.class()
    };
    let lenient = Booted::new(3, Variant { passes_unknown_sessions: true, ..Variant::REFERENCE });
    assert_eq!(class(&lenient, Workload::LocalLocks), Some(Class::E1));
    assert_eq!(class(&lenient, Workload::Locks), None, "without local sessions");
    assert_eq!(class(&booted(), Workload::LocalLocks), None, "in the reference");
}

#[test]
fn a_session_outlives_the_loss_of_its_server() {
    for server in 0..3 {
        let kill = Act::Kill { server, down_us: 400_000 };
        let (news, verdict) = run(&booted(), schedule(1, [(100_000, kill)]));
        assert_eq!(verdict, Verdict::Valid);
        let resumed = news.iter().any(|(_, _, news)| *news == News::Resumed);
        let expired = news.iter().any(|(_, _, news)| *news == News::Expired);
        let was_there = news.iter().any(|(_, _, news)| *news == News::Suspended);
        assert!(resumed || !was_there, "server {server}: {news:?}");
        assert!(!expired, "server {server}: {news:?}");
    }
}

#[test]
fn the_lock_changes_hands_when_its_holder_is_not_heard_of_for_too_long() {
    let booted = booted();
    let (news, _) = run(&booted, schedule(1, []));
    let first = holders(&news)[0];
    // Whatever server it is connected to.
    let moved = (0..3).filter(|server| {
        let isolate = Act::Isolate { server: *server, for_us: 600_000 };
        let (news, verdict) = run(&booted, schedule(1, [(100_000, isolate)]));
        assert_eq!(verdict, Verdict::Valid, "{news:?}");
        holders(&news).iter().any(|session| *session != first)
    });
    assert!(moved.count() >= 1);
}

#[test]
fn the_reference_keeps_every_promise_whatever_happens() {
    let booted = booted();
    for seed in 0..150 {
        let (news, verdict) = run(&booted, noisy(seed));
        assert!(verdict.violation().is_none(), "seed {seed}: {verdict:?}\n{news:?}");
    }
}

/// `FileTxnLog.truncate` keeps the first record above a zxid that is not in the log.
fn trunc_keeps_next() -> Booted {
    Booted::new(3, Variant { trunc_keeps_next: true, ..Variant::REFERENCE })
}

/// S1 comes back by a snapshot, leads, and ends a session while it is cut off: the leader after it has it
/// cut that end off, and it keeps it.
#[test]
fn a_server_keeps_the_end_of_a_session_that_nobody_committed() {
    let actions = [
        (0, Act::Isolate { server: 2, for_us: 700_000 }),
        (500_000, Act::StepDown { server: 1 }),
        (1_000_000, Act::Isolate { server: 1, for_us: 200_000 }),
    ];
    let (_, verdict) = run(&trunc_keeps_next(), schedule(0, actions));
    assert_eq!(verdict.class(), Some(Class::E3), "{verdict:?}");
    let (_, verdict) = run(&booted(), schedule(0, actions));
    assert_eq!(verdict, Verdict::Valid);
}

/// The same, and a client that waits goes on there: it sees its own node as the first one, and the client
/// whose session has ended there alone believes in its lock elsewhere.
#[test]
fn two_clients_hold_one_lock_if_a_server_keeps_such_an_end() {
    let actions = [
        (10_000, Act::Isolate { server: 1, for_us: 300_000 }),
        (435_000, Act::Isolate { server: 2, for_us: 10_000 }),
        (550_000, Act::Isolate { server: 1, for_us: 210_000 }),
        (761_000, Act::StepDown { server: 2 }),
    ];
    let seed = 593_192_231_544_976_170;
    let (_, verdict) = run(&trunc_keeps_next(), schedule(seed, actions));
    assert_eq!(verdict.class(), Some(Class::E5), "{verdict:?}");
    let (_, verdict) = run(&booted(), schedule(seed, actions));
    assert_eq!(verdict, Verdict::Valid);
}

#[test]
fn the_same_schedule_yields_the_same_news() {
    let booted = booted();
    for seed in 0..20 {
        assert_eq!(run(&booted, noisy(seed)), run(&booted, noisy(seed)), "seed {seed}");
    }
}
