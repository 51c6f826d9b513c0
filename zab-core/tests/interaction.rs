//! Golden interactions: each file under `testdata` is a script with everything that the servers
//! say and do. `REWRITE=1 cargo test -p zab-core` rewrites the outputs; commit a difference only
//! if you can say why it is right.

#[path = "interaction/ensemble.rs"]
mod ensemble;

use datadriven::TestCase;
use ensemble::Ensemble;
use zab_core::{Key, NodeId, Op, Span, Zxid, variant};

#[test]
fn interactions_are_as_written() {
    datadriven::walk("testdata", |file| {
        let mut ensemble = None;
        file.run(|case| run(&mut ensemble, case));
    });
}

fn run(slot: &mut Option<Ensemble>, case: &TestCase) -> String {
    if case.directive == "ensemble" {
        let name = argument(case, "variant").unwrap_or("reference");
        let entry = variant::find(name).unwrap_or_else(|unknown| panic!("{unknown}"));
        let servers = argument(case, "servers").map_or(3, |n| n.parse().expect("a number"));
        *slot = Some(Ensemble::new(servers, entry.releases().of(variant::Release::Old)));
        return String::new();
    }
    let ensemble = slot.as_mut().expect("a script begins with `ensemble`");
    match case.directive.as_str() {
        "start" => nodes(case, ensemble).into_iter().for_each(|id| ensemble.start(id)),
        "crash" => nodes(case, ensemble).into_iter().for_each(|id| ensemble.stop(id, true)),
        "kill" => nodes(case, ensemble).into_iter().for_each(|id| ensemble.stop(id, false)),
        "step-down" => nodes(case, ensemble).into_iter().for_each(|id| ensemble.step_down(id)),
        "fail-disk" => {
            let what = argument(case, "what").expect("fail-disk takes what=…");
            nodes(case, ensemble).into_iter().for_each(|id| ensemble.fail_disk(id, what));
        }
        "cut" => nodes(case, ensemble).into_iter().for_each(|id| ensemble.set_cut(id, true)),
        "heal" => nodes(case, ensemble).into_iter().for_each(|id| ensemble.set_cut(id, false)),
        "hold" | "release" => {
            let what = argument(case, "what").expect("hold and release take what=…");
            let held = case.directive == "hold";
            nodes(case, ensemble).into_iter().for_each(|id| ensemble.set_held(id, what, held));
        }
        "write" | "write-if" | "read" | "sync" => {
            let op = operation(case);
            let seen = zxid(argument(case, "seen").unwrap_or("0.0"));
            nodes(case, ensemble).into_iter().for_each(|id| ensemble.ask(id, seen, op));
        }
        "settle" => {}
        "pass" => {
            let ms = argument(case, "ms").expect("pass takes ms=…").parse().expect("a number");
            ensemble.pass(Span::from_millis(ms));
        }
        "table" => return ensemble.table(),
        other => panic!("no command {other}"),
    }
    ensemble.settle();
    let trace = ensemble.take_trace();
    if case.args.contains_key("quiet") { String::new() } else { trace }
}

fn argument<'a>(case: &'a TestCase, name: &str) -> Option<&'a str> {
    case.args.get(name).and_then(|values| values.first()).map(String::as_str)
}

/// A zxid, as in `2.1` for ⟨2, 1⟩.
fn zxid(text: &str) -> Zxid {
    let (epoch, counter) = text.split_once('.').expect("a zxid is EPOCH.COUNTER");
    let number = |text: &str| text.parse().expect("a number");
    Zxid::new(number(epoch), number(counter))
}

/// The servers that a command names, or all.
fn nodes(case: &TestCase, ensemble: &Ensemble) -> Vec<NodeId> {
    let all = ensemble.members();
    let named: Vec<_> =
        all.iter().copied().filter(|id| case.args.contains_key(&id.to_string())).collect();
    if named.is_empty() { all } else { named }
}

fn operation(case: &TestCase) -> Op {
    let number = |name| argument(case, name).map_or(0, |n| n.parse().expect("a number"));
    let (key, value, version) = (Key(0), number("value"), number("version"));
    match case.directive.as_str() {
        "write" => Op::Write { key, value },
        "write-if" => Op::WriteIf { key, value, version },
        "read" => Op::Read { key },
        _ => Op::Sync,
    }
}
