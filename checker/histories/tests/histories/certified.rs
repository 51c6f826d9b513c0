//! The certificate against brute force: an order that brute force finds is certified, and what is
//! certified has an order.

use crate::random::{Random, Shape, history};
use history_checker::judge::Contract;
use history_checker::judge::{self, Clause, Settings};
use history_checker::linearizability::Call;
use history_checker::linearizability::brute;
use history_checker::model::register::{Op, Register, Value};
use history_checker::model::znode::{Answer, Kind, Op as ZnodeOp, Request, Stat};
use history_checker::record::{self, Positioned, Recorded};

const SHAPE: Shape =
    Shape { operations: 7, is_unique: true, has_failed_cas: false, has_delete: false };

/// The operation on a node `/a`, with this zxid.
fn positioned(call: &Call<Op>, zxid: Option<u64>) -> Call<Positioned> {
    let (request, answer) = match call.op {
        Op::Read(value) => (
            Request::Get("/a".into()),
            value.map(|value| Answer::Data(Some(value), Stat::default())),
        ),
        Op::Write(data) => {
            let request = Request::Set { path: "/a".into(), data, version: None };
            (request, Some(Answer::Set(Stat::default())))
        }
        Op::Cas { .. } | Op::Delete => unreachable!("left out by the caller"),
    };
    let answer = answer.filter(|_| !call.is_crashed());
    let zxid = zxid.filter(|_| !call.is_crashed());
    let Call { process, invoked, returned, .. } = *call;
    let session = process + 1;
    let op = Positioned { op: Some(ZnodeOp { request, answer }), session, zxid };
    Call { process: process + 1, invoked: invoked + 2, returned: returned.saturating_add(2), op }
}

/// Whether a history is certified, with a node that is made before everything else.
fn is_certified(calls: &[Call<Op>], zxids: &[Option<u64>]) -> bool {
    let kind = Kind::Persistent;
    let path = "/a".into();
    let request = Request::Create { path, data: Value::NIL, kind, is_sequential: false };
    let op = Some(ZnodeOp { request, answer: Some(Answer::Created(None, Stat::default())) });
    let op = Positioned { op, session: 0, zxid: Some(1) };
    let create = Call { process: 0, invoked: 0, returned: 1, op };
    let rest = calls.iter().zip(zxids).map(|(call, zxid)| positioned(call, *zxid));
    let calls: Vec<_> = std::iter::once(create).chain(rest).collect();
    let keys = vec![0; calls.len()];
    let recorded = Recorded::from_calls(calls, keys);
    let settings = Settings { is_brief: true, ..Settings::default() };
    judge::zookeeper(&recorded, Contract::Quorum, &settings).is_valid()
}

/// The zxids of an order: updates count, reads stay where they are.
fn zxids_of(order: &[usize], calls: &[Call<Op>]) -> Vec<Option<u64>> {
    let mut zxids = vec![None; calls.len()];
    let mut last = 1;
    for at in order {
        last += u64::from(calls[*at].op.written().is_some());
        zxids[*at] = Some(last);
    }
    zxids
}

fn run(seed: u64, histories: u64) -> [u64; 2] {
    let mut random = Random(seed);
    let (mut certified, mut swapped) = (0, 0);
    for _ in 0..histories {
        let mut calls = history(&mut random, SHAPE);
        calls.retain(|call| !matches!(call.op, Op::Cas { .. }));
        let model = Register::default();
        let Some(order) = brute::witness(&model, &calls).filter(|_| !calls.is_empty()) else {
            continue;
        };
        let mut zxids = zxids_of(&order, &calls);
        assert!(is_certified(&calls, &zxids), "{calls:?} {zxids:?}");
        certified += 1;
        let pair = [(); 2].map(|()| random.below(calls.len() as u64) as usize);
        zxids.swap(pair[0], pair[1]);
        if zxids.iter().zip(&calls).all(|(zxid, call)| call.is_crashed() || zxid.is_some())
            && is_certified(&calls, &zxids)
        {
            // Local reads may be stale: what is certain is that updates have an order.
            calls.retain(|call| call.op.written().is_some());
            assert!(brute::is_linearizable(&model, &calls), "{calls:?} {zxids:?}");
            swapped += 1;
        }
    }
    [certified, swapped]
}

#[test]
fn certificate_and_brute_force_agree() {
    let [certified, swapped] = run(3, 20_000);
    assert!(certified > 2_000 && swapped > 200, "{certified} {swapped}");
}

/// `cargo test --release -p history-checker -- --ignored certificate`.
#[test]
#[ignore = "takes a minute"]
fn certificate_and_brute_force_agree_on_ten_million() {
    println!("{:?}", run(0x5eed, 10_000_000));
}

/// Two clients, one after the other, sync and read; the second sees less than the first, of an
/// update that nobody acknowledged.
const BACKWARDS: &str = r#"
{"process":0,"type":"invoke","f":"create","value":{"path":"/a","data":1}}
{"process":0,"type":"ok","f":"create","value":{"path":"/a"},"zxid":1}
{"process":0,"type":"invoke","f":"set","value":{"path":"/a","data":2}}
{"process":1,"type":"invoke","f":"sync","value":null}
{"process":1,"type":"ok","f":"sync","value":null}
{"process":1,"type":"invoke","f":"get","value":{"path":"/a"}}
{"process":1,"type":"ok","f":"get","value":{"data":2},"zxid":2}
{"process":2,"type":"invoke","f":"sync","value":null}
{"process":2,"type":"ok","f":"sync","value":null}
{"process":2,"type":"invoke","f":"get","value":{"path":"/a"}}
{"process":2,"type":"ok","f":"get","value":{"data":1},"zxid":1}
"#;

#[test]
fn only_a_sync_of_the_quorum_makes_the_read_after_it_linearizable() {
    let recorded = record::read(BACKWARDS.as_bytes(), record::Znodes).expect("well-formed");
    let judge = |contract| judge::zookeeper(&recorded, contract, &Settings::default());
    assert!(judge(Contract::ZooKeeper).is_valid());
    let report = judge(Contract::Quorum);
    let clauses: Vec<_> = report.violations().map(|example| example.clause).collect();
    assert_eq!(clauses, [Clause::SyncOrder]);
}
