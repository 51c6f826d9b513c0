//! Lines that are read, and lines that are refused.

use super::super::super::ensemble::Condition;
use super::super::super::jute::client::Request;
use super::super::super::link::Fate;
use super::super::Queuer;
use super::*;

fn parsed(lines: &str) -> std::result::Result<Scenario, Error> {
    scenario(&format!("# A title.\nboot\n{lines}\nclaim lost /x 1\n"))
}

fn verb(line: &str) -> Verb {
    parsed(line).expect("a verb").steps[1].verb.clone()
}

#[test]
fn each_verb_is_read() {
    let (s0, s2) = (NodeId(0), NodeId(2));
    let way = Way { from: s0, to: s2 };
    let log = |operation| Files { file: "log".to_owned(), operation };
    let ack = Messages {
        message: Message::named("ACK").expect("a packet"),
        zxid: Some(Zxid::new(1, 4)),
        way,
    };
    assert_eq!(verb("power S0 S2"), Verb::Power(vec![s0, s2]));
    assert_eq!(verb("blank S0"), Verb::Blank(vec![s0]));
    assert_eq!(verb("install S0 new"), Verb::Install(vec![s0], Release::New));
    assert_eq!(verb("start all"), Verb::Start(vec![s0, NodeId(1), s2]));
    let write = Some(Operation::Write);
    assert_eq!(verb("hold S0 log write"), Verb::HoldFiles(vec![s0], log(write)));
    assert_eq!(verb("release S0 log"), Verb::ReleaseFiles(vec![s0], log(None)));
    let thread = "CommitProcessor:1".to_owned();
    assert_eq!(verb("hold S0 thread CommitProcessor:1"), Verb::HoldThread(vec![s0], thread));
    assert_eq!(verb("hold ACK <1,4> S0 > S2"), Verb::HoldMessages(ack));
    assert_eq!(verb("fail S0 log EIO"), Verb::Fail(vec![s0], log(None), 5));
    assert_eq!(verb("cut S0 S2"), Verb::Cut(way));
    assert_eq!(verb("cut S0 > S2"), Verb::Silence(way));
    assert_eq!(verb("heal"), Verb::Heal(None));
    let held = Condition::Message(ack, Some(Fate::Held));
    assert_eq!(verb("wait ACK <1,4> S0 > S2 held"), Verb::Wait(vec![held]));
    let says = Condition::Says(s0, "Getting a diff".to_owned());
    let request = Request::Create { path: "/x".to_owned(), data: "xxx".to_owned() };
    assert_eq!(verb("do c0 S2 create /x x*3"), Verb::Do("c0".to_owned(), s2, request));
    assert_eq!(verb("wait S0 says Getting a diff"), Verb::Wait(vec![says]));
    let queuer = |what| Verb::Queuer("A".to_owned(), what);
    let queue = Queuer::Queue(s0, "/lock".to_owned(), Duration::from_secs(4));
    assert_eq!(verb("queue A S0 /lock 4"), queuer(queue));
    assert_eq!(verb("move A S2"), queuer(Queuer::Move(s2)));
    assert_eq!(verb("waits A"), queuer(Queuer::Holds(false)));
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (line, what) in [
        ("hodl S0 log", "no verb `hodl`"),
        ("kill S7", "no server `S7`: S0 to S2"),
        ("kill", "a server is missing"),
        ("kill S0 now", "`now` is too much"),
        ("install S0", "ends in old or new"),
        ("directories sloppy", "`lenient` or `strict`"),
        ("hold S0 logs", "no kind of file `logs`"),
        ("hold S0 log stop", "no file operation `stop`"),
        ("hold ACK <1;4> S0 > S2", "`<1;4>` is no zxid"),
        ("hold ACK S0 S2", "a way is `S0 > S1`"),
        ("cut S0 S0", "no connection to itself"),
        ("fail S0 log", "ends in EIO, ENOSPC, EROFS"),
        ("wait S0 sleeping", "nothing to wait for in `sleeping`"),
        ("do c0 S0 create /x x*1000000000", "is too much"),
        ("do c0 S0 increment /x", "no request `increment /x`"),
        ("queue A S0 /lock soon", "ends after a number of seconds"),
        ("holds A B", "`holds` needs other words"),
        ("servers 4", "3, 5 or 7 servers"),
    ] {
        let error = parsed(line).expect_err(line);
        assert_eq!(error.line, 3, "{line}");
        assert!(error.what.contains(what), "{line}: {error}");
    }
    assert_eq!(scenario("boot\n").expect_err("no claim").line, 1);
    assert_eq!(scenario("start S0\nclaim differ /x\n").expect_err("no boot").line, 1);
}

#[test]
fn a_control_differs_by_one_verb() {
    let text = "- power S0\n+ kill S0\n+ wait S0 down\nwait S1 serves";
    let scenario = parsed(text).expect("a scenario with a control");
    let texts = |control| {
        let steps = scenario.part(control).skip(1);
        steps.map(|step| step.text.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(texts(false), ["- power S0", "wait S1 serves"]);
    assert_eq!(texts(true), ["+ kill S0", "+ wait S0 down", "wait S1 serves"]);
    let difference: Vec<_> = scenario.difference().iter().map(|step| step.text.as_str()).collect();
    assert_eq!(difference, ["- power S0", "+ kill S0"]);
    let error = parsed("- power S0\n- kill S1").expect_err("two verbs");
    assert_eq!(error.line, 4);
}
