//! Whole executions in which clients queue for the lock.

use crate::run::{Booted, Observer};
use crate::schedule::samples::{noisy, schedule};
use crate::schedule::{Act, Schedule, Workload};
use std::ops::ControlFlow;
use zab_checker::{Checker, Event, Fact, News, Standard, Verdict};
use zab_core::{SessionId, Variant};

/// Keeps what clients learn, and judges.
struct Watch {
    news: Vec<(u64, SessionId, News)>,
    checker: Checker,
}

impl Observer for Watch {
    fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        if let Fact::Lock { session, news } = event.fact {
            self.news.push((event.at.0, session, news));
        }
        self.checker.observe(event);
        ControlFlow::Continue(())
    }
}

fn run(booted: &Booted, schedule: Schedule) -> (Vec<(u64, SessionId, News)>, Verdict) {
    let schedule = Schedule { workload: Workload::Locks, ..schedule };
    let checker = Checker::new(schedule.servers, Standard::Strict);
    let mut watch = Watch { news: Vec::new(), checker };
    booted.run(&schedule, &mut watch);
    let verdict = watch.checker.finish();
    (watch.news, verdict)
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

#[test]
fn the_same_schedule_yields_the_same_news() {
    let booted = booted();
    for seed in 0..20 {
        assert_eq!(run(&booted, noisy(seed)), run(&booted, noisy(seed)), "seed {seed}");
    }
}
