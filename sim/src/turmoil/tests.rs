//! Whole executions in turmoil.

use super::*;
use crate::run;
use crate::run::Observer;
use crate::schedule::samples::{noisy, schedule};
use crate::schedule::{CrashMode, Files, Schedule, StallTarget};
use crate::trace::{TextTrace, TraceHash};
use std::ops::ControlFlow;
use zab_checker::{Event, Fact};
use zab_core::variant::{Release, Releases};
use zab_core::{Txn, Variant};

fn trace(booted: &Booted, schedule: &Schedule) -> String {
    let mut trace = TextTrace::default();
    booted.run(schedule, &mut trace);
    trace.0
}

fn hash(booted: &Booted, schedule: &Schedule) -> u64 {
    let mut hash = TraceHash::default();
    booted.run(schedule, &mut hash);
    hash.value()
}

fn client(client: u8, server: u8, op: ClientOp) -> Act {
    Act::Client { client, server, op, key: client }
}

#[test]
fn an_empty_schedule_ends_available_and_at_rest() {
    let booted = Booted::new(3, Variant::REFERENCE);
    let text = trace(&booted, &Schedule::empty(1, 3));
    assert!(text.contains("the ensemble is available"));
    assert_eq!(text.matches("rests at <1, 7>").count(), 3);
}

#[test]
fn every_size_and_every_variant_boots() {
    for servers in [3, 5, 7] {
        assert!(!Booted::new(servers, Variant::REFERENCE).evidence().is_empty());
    }
    for entry in zab_core::variant::CATALOGUE {
        assert!(!Booted::new(3, entry.variant).evidence().is_empty(), "{}", entry.name);
    }
}

#[test]
fn the_same_schedule_yields_the_same_evidence_also_after_others() {
    let booted = Booted::new(3, Variant::REFERENCE);
    let first: Vec<u64> = (0..40).map(|seed| hash(&booted, &noisy(seed))).collect();
    let again = Booted::new(3, Variant::REFERENCE);
    for seed in (0..40).rev() {
        assert_eq!(hash(&again, &noisy(seed)), first[seed as usize], "seed {seed}");
    }
    // In another thread there is nothing left of these.
    let elsewhere = std::thread::spawn(move || hash(&booted, &noisy(39)));
    assert_eq!(elsewhere.join().expect("it runs here as well"), first[39]);
}

#[test]
fn every_execution_ends_within_its_budget() {
    let booted = Booted::new(3, zab_core::variant::find("zk-3.8.0").expect("known").releases());
    for seed in 0..60 {
        let run = booted.run(&noisy(seed), &mut TraceHash::default());
        assert!(!run.out_of_budget, "seed {seed}");
    }
}

/// What each server delivers.
#[derive(Default, PartialEq, Eq, Debug)]
struct Deliveries([Vec<Txn>; 3]);

impl Observer for Deliveries {
    fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        if let (Some(id), Fact::Delivered(txn)) = (event.node, &event.fact) {
            self.0[id.index()].push(*txn);
        }
        ControlFlow::Continue(())
    }
}

#[test]
fn without_faults_every_server_delivers_the_same_sequence_in_both_drivers() {
    let direct = run::Booted::new(3, Variant::REFERENCE);
    let turmoil = Booted::new(3, Variant::REFERENCE);
    for seed in 0..20_u8 {
        // Far enough apart that both drivers agree on who was first; the last one reads, because
        // healing and its write follow immediately.
        let actions = (0..20_u8).map(|i| {
            let op = [ClientOp::Write, ClientOp::SyncRead, ClientOp::WriteIf];
            let op = if i == 19 { ClientOp::Read } else { op[usize::from((i ^ seed) % 3)] };
            (u64::from(i) * 20_000, client(i % 4, (i.wrapping_mul(seed | 1) >> 1) % 3, op))
        });
        let schedule = schedule(seed.into(), actions);
        let (mut first, mut second) = (Deliveries::default(), Deliveries::default());
        direct.run(&schedule, &mut first);
        turmoil.run(&schedule, &mut second);
        assert_eq!(first, second, "seed {seed}");
        assert!(first.0.iter().all(|delivered| *delivered == first.0[0]), "seed {seed}");
        assert!(first.0[0].len() > 10, "seed {seed}");
    }
}

/// The first line of a trace that contains this, and those after it.
fn after<'a>(text: &'a str, what: &str) -> &'a str {
    let at = text.find(what).unwrap_or_else(|| panic!("no `{what}` in:\n{text}"));
    &text[at..]
}

#[test]
fn nobody_is_told_of_a_power_loss_and_everybody_of_a_killed_process() {
    let booted = Booted::new(3, Variant::REFERENCE);
    let lost = Act::PowerLoss { server: 2, disk: CrashMode::LoseAll, down_us: 400_000 };
    let killed = Act::Kill { server: 2, down_us: 400_000 };
    for (act, is_quick) in [(lost, false), (killed, true)] {
        let text = trace(&booted, &schedule(1, [(1_000, act)]));
        let death = if is_quick { "is killed" } else { "loses power" };
        let then = after(&text, death).lines().skip(1).find(|line| line.contains("steps down"));
        let at = |line: &str| line.trim().split(' ').next().and_then(|t| t.parse::<f64>().ok());
        let passed = then.and_then(at).expect("followers notice") - 60.0;
        assert_eq!(passed < 100.0, is_quick, "{death}: {passed} ms\n{text}");
    }
}

#[test]
fn every_action_has_its_meaning() {
    let booted = Booted::new(3, Variant::REFERENCE);
    let write = client(0, 2, ClientOp::Write);
    let for_us = 100_000;
    let run = |act| trace(&booted, &schedule(3, [(1_000, act), (2_000, write)]));
    let delay = |text: &str| {
        let time = |what: &str| {
            let line = text.lines().find(|line| line.contains(what)).expect(what);
            line.trim().split(' ').next().and_then(|t| t.parse::<f64>().ok()).expect("a time")
        };
        time("commits <1, 4>") - time("c0#1 asks")
    };
    let usual = delay(&run(Act::Skew { server: 0, per_mille: 10, for_us: 200 }));
    assert!(usual < 10.0, "{usual}");
    for act in [
        Act::StallNode { server: 2, for_us },
        Act::StallActor { server: 2, actor: StallTarget::Senders, for_us },
        Act::StallDisk { server: 2, for_us },
    ] {
        let text = run(act);
        let waits = delay(&text) > 90.0 || matches!(act, Act::StallDisk { .. });
        assert!(waits, "{act:?}\n{text}");
    }
    for open_only in [false, true] {
        let clog = |to| Act::Clog { from: 2, to, open_only, for_us };
        let text = trace(&booted, &schedule(3, [(0, clog(0)), (0, clog(1)), (2_000, write)]));
        assert!(delay(&text) > 90.0 && !text.contains("steps down"), "nothing is lost\n{text}");
    }
    let fails = Act::FlushError { server: 2, file: Files::Log, for_us: 0 };
    let text = trace(&booted, &schedule(3, [(0, fails), (2_000, write), (50_000, write)]));
    assert!(after(&text, "flush error").contains("S2  exits: disk error"), "{text}");
    let text = run(Act::StepDown { server: 2 });
    assert!(after(&text, "fault: step-down").contains("S2  steps down"), "{text}");
    let text = run(Act::Reset { a: 2, b: 0 });
    assert!(after(&text, "connection reset").contains("S0  steps down"), "{text}");
    let text = run(Act::Isolate { server: 2, for_us: 600_000 });
    assert!(after(&text, "isolated").contains("epoch 2 established"), "{text}");
    let text = run(Act::Cut { from: 2, to: 0, both_ways: false, for_us: 300_000 });
    assert!(after(&text, "fault: cut").contains("S0  steps down"), "{text}");
    let text = run(Act::Swizzle { mask: 7, for_us: 20_000 });
    assert_eq!(text.matches("isolated").count(), 3, "{text}");
}

#[test]
fn an_upgrade_to_the_same_release_is_a_restart_and_to_another_one_shows() {
    let plain = Booted::new(3, Variant::REFERENCE);
    let same = Booted::new(3, Releases::upgrade(Variant::REFERENCE, Variant::REFERENCE));
    let unflushed = Variant { unflushed_start: true, ..Variant::REFERENCE };
    let other = Releases::upgrade(Variant::REFERENCE, unflushed);
    let run = |booted: &Booted, act| {
        let stall = Act::StallDisk { server: 0, for_us: 80_000 };
        let write = client(0, 2, ClientOp::Write);
        trace(booted, &schedule(7, [(10_000, stall), (12_000, write), (20_000, act)]))
    };
    let kill = run(&plain, Act::Kill { server: 0, down_us: 1_000 });
    let upgrade = Act::Upgrade { server: 0, to: Release::New, down_us: 1_000 };
    assert_eq!(run(&same, upgrade), kill);
    let direct = run::Booted::new(3, other);
    let mut text = TextTrace::default();
    let stall = Act::StallDisk { server: 0, for_us: 80_000 };
    let write = client(0, 2, ClientOp::Write);
    direct.run(&schedule(7, [(10_000, stall), (12_000, write), (20_000, upgrade)]), &mut text);
    let shown = run(&Booted::new(3, other), upgrade);
    assert!(shown != kill && shown.contains("gets the new release"), "{shown}");
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&shown), sorted(&text.0), "in both drivers");
}
