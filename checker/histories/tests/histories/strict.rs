//! What is in a file is judged or refused: nothing is dropped in silence.

use history_checker::format::Error;
use history_checker::judge::{self, Contract, Report, Settings, Verdict};
use history_checker::linearizability::{Budget, Exhausted};
use history_checker::record::{self, Dialect, Likely, Lists, Names, Registers, Workload, Znodes};
use std::io::Write as _;

fn refused<W: Workload>(workload: W, text: &str) -> Vec<(u64, String)>
where
    W::Op: std::fmt::Debug,
{
    match record::read(text.as_bytes(), workload) {
        Err(Error::Malformed(lines)) => lines.into_iter().map(|l| (l.line, l.what)).collect(),
        other => panic!("expected malformed lines: {other:?}"),
    }
}

fn registers(text: &[u8]) -> Report {
    let recorded = record::read(text, Registers(Dialect::CasRegister)).expect("well-formed");
    judge::registers(&recorded, &Settings::default())
}

/// A write, and a read that misses it.
fn stale(first: &str, second: &str) -> String {
    format!(
        "{{:process {first} :type :invoke :f :write :value 1}}\n\
         {{:process {first} :type :ok :f :write :value 1}}\n\
         {{:process {second} :type :invoke :f :read :value nil}}\n\
         {{:process {second} :type :ok :f :read :value nil}}\n"
    )
}

#[test]
fn a_process_is_a_number_a_string_or_a_keyword() {
    for (first, second) in [("0", "1"), ("\"0\"", "\"1\""), (":a", ":b"), ("\"n1/2\"", "7")] {
        let report = registers(stale(first, second).as_bytes());
        assert_eq!(report.verdict(), Verdict::Violation, "{first} {second}");
    }
    // A number and its digits are the same process.
    let text = "{:process 0 :type :invoke :f :write :value 1}\n\
                {:process \"0\" :type :ok :f :write :value 1}\n";
    assert_eq!(registers(text.as_bytes()).crashed, 0);
    let lines = refused(Registers(Dialect::Register), &stale("[0]", "nil"));
    assert_eq!(lines.len(), 4);
    assert!(lines[0].1.contains("a number, a string or a keyword"), "{lines:?}");
}

#[test]
fn the_nemesis_is_kept_and_is_no_client() {
    let nemesis = "{:process :nemesis :type :info :f :kill :value \"n1\" :time 5}\n";
    let text = nemesis.to_owned() + &stale("0", "1");
    let recorded = record::read(text.as_bytes(), Registers(Dialect::Register)).expect("sound");
    let nemesis = recorded.names.nemesis();
    assert_eq!(nemesis.len(), 1);
    assert_eq!((nemesis[0].after, nemesis[0].what.as_str()), (0, "kill n1"));
}

#[test]
fn nothing_answered_is_nothing_checked() {
    let open = "{:process 0 :type :invoke :f :write :value 1}\n";
    for text in ["", open, "{:process :nemesis :type :info :f :kill}"] {
        assert_eq!(registers(text.as_bytes()).verdict(), Verdict::Unknown, "{text}");
    }
}

fn znodes(zxids: [&str; 2]) -> String {
    let answer =
        |zxid: &str| if zxid.is_empty() { String::new() } else { format!(",\"zxid\":{zxid}") };
    format!(
        "{{\"process\":0,\"type\":\"invoke\",\"f\":\"create\",\"value\":{{\"path\":\"/a\",\"data\":1}}}}\n\
         {{\"process\":0,\"type\":\"ok\",\"f\":\"create\",\"value\":{{\"path\":\"/a\"}}{}}}\n\
         {{\"process\":1,\"type\":\"invoke\",\"f\":\"get\",\"value\":{{\"path\":\"/a\"}}}}\n\
         {{\"process\":1,\"type\":\"ok\",\"f\":\"get\",\"value\":{{\"error\":\"NoNode\"}}{}}}\n",
        answer(zxids[0]),
        answer(zxids[1])
    )
}

fn zookeeper(text: &str) -> Report {
    let recorded = record::read(text.as_bytes(), Znodes).expect("well-formed");
    judge::zookeeper(&recorded, Contract::ZooKeeper, &Settings::default())
}

#[test]
fn a_zxid_is_a_number_or_text() {
    for zxids in [["2", "3"], ["\"2\"", "\"3\""], ["\"0x2\"", "\"0x3\""]] {
        assert_eq!(zookeeper(&znodes(zxids)).verdict(), Verdict::Violation, "{zxids:?}");
    }
    // Without, the read is as stale as reads may be.
    assert_eq!(zookeeper(&znodes(["", ""])).verdict(), Verdict::Valid);
    for zxid in ["\"x3\"", "-3", "[3]"] {
        let lines = refused(Znodes, &znodes(["2", zxid]));
        assert!(lines[0].1.contains("decimal or 0x"), "{lines:?}");
    }
}

#[test]
fn what_has_a_zxid_was_answered() {
    let text = znodes(["2", "3"]);
    let last = text.rfind("\"ok\"").expect("the second answer");
    for kind in ["\"info\"", "\"fail\""] {
        let mut text = text.clone();
        text.replace_range(last..last + 4, kind);
        let lines = refused(Znodes, &text);
        assert!(lines[0].0 == 4 && lines[0].1.contains("then its type is ok"), "{lines:?}");
    }
    let mut text = text;
    text.replace_range(last..last + 4, "\"invoke\"");
    assert!(refused(Znodes, &text)[0].1.contains("an invocation has no zxid"));
}

#[test]
fn the_order_of_the_fields_of_a_value_means_nothing() {
    let written = stale("0", "1").replace(":value 1", ":value {:a 1 :b [2 {:c 3 :d 4}]}");
    let read = written.replace(":value nil}", ":value {:b [2 {:d 4 :c 3}] :a 1}}");
    assert_eq!(registers(read.as_bytes()).verdict(), Verdict::Valid);
    let other = read.replace(":d 4 :c 3", ":d 3 :c 4");
    assert_eq!(registers(other.as_bytes()).verdict(), Verdict::Violation);
}

#[test]
fn where_some_answers_have_no_zxid_the_others_are_judged() {
    let report = zookeeper(&znodes(["2", ""]));
    let (_, reason) = report.undecided().next().expect("it is undecided");
    assert!(reason.starts_with("1 of 2 answers have no zxid, the get /a gave NoNode by p1"));
    let with_more =
        znodes(["2", ""]) + &znodes(["", "3"]).replace(":0,", ":7,").replace(":1,\"t", ":8,\"t");
    assert_eq!(zookeeper(&with_more).verdict(), Verdict::Violation);
}

#[test]
fn values_of_the_wrong_shape_are_refused_with_what_is_expected() {
    let get = "{\"process\":1,\"type\":\"invoke\",\"f\":\"get\",\"value\":{\"path\":\"/a\"}}\n";
    let ok = |f: &str, value: &str| {
        format!("{{\"process\":1,\"type\":\"ok\",\"f\":\"{f}\",\"value\":{value}}}\n")
    };
    for (invoke, answer, expected) in [
        (get, ok("get", "5"), "expected a map"),
        (get, ok("get", "{\"data\":1,\"vresion\":2}"), "unknown field vresion, expected data"),
        (get, ok("get", "{\"data\":1,\"version\":\"x\"}"), "version is x, expected a number"),
        (get, ok("get", "{\"error\":\"NoSuchNode\"}"), "a KeeperException"),
        (get, ok("exists", "{\"exists\":true}"), "another f than it invoked"),
        (&get.replace("path", "paht"), ok("get", "{\"data\":1}"), "unknown field paht"),
        (&get.replace("get", "children"), ok("children", "{\"children\":[1]}"), "list of strings"),
    ] {
        let lines = refused(Znodes, &(invoke.to_owned() + &answer));
        assert!(lines[0].1.contains(expected), "{lines:?}");
    }
}

#[test]
fn a_key_where_none_is_expected_is_refused() {
    let text = "{:process 0 :type :invoke :f :write :key 3 :value 1}\n";
    let lines = refused(Registers(Dialect::Register), text);
    assert_eq!(lines, [(1, "the event has a key: then the model is kv".to_owned())]);
    let other = "{:process 0 :type :invoke :f :read :value [1 nil]}\n\
                 {:process 0 :type :ok :f :read :value [2 5]}\n";
    let lines = refused(Registers(Dialect::Kv), other);
    assert_eq!(lines, [(2, "the key is 2, but 1 was invoked".to_owned())]);
}

#[test]
fn gzip_byte_order_marks_arrays_and_history_txt_are_read() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(stale("0", "1").as_bytes()).expect("memory can be written to");
    let packed = packed.finish().expect("memory can be written to");
    let marked = [b"\xef\xbb\xbf", stale("0", "1").as_bytes()].concat();
    let array = "[{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":\"}1\"},\n  \
                 {\"process\":0,\n \"type\":\"ok\",\"f\":\"write\",\"value\":\"}1\"} ,{\"process\":1,\
                 \"type\":\"invoke\",\"f\":\"read\"},{\"process\":1,\"type\":\"ok\",\"f\":\"read\"}]\n";
    let text = "0\t:invoke\t:write\t1\n0\t:ok\t:write\t1\n:nemesis\t:info\t:kill\tnil\n\
                1\t:invoke\t:read\tnil\n1\t:ok\t:read\tnil\n2\t:invoke\t:cas\t[1 2]\n\
                2\t:info\t:cas\t[1 2]\t:timed-out\n";
    for history in [&packed[..], &marked, array.as_bytes(), text.as_bytes()] {
        assert_eq!(registers(history).verdict(), Verdict::Violation);
    }
    let wide = b"\xff\xfe{\0";
    let refused = record::read(&wide[..], Registers(Dialect::Register));
    assert!(matches!(refused, Err(Error::Utf16)));
}

#[test]
fn discarded_values_in_discarded_values_are_refused_and_not_a_crash() {
    for text in ["#_".repeat(75_000), format!("{{:a {}", "#_ ".repeat(75_000)), "[".repeat(90_000)]
    {
        let refused = record::read(text.as_bytes(), Registers(Dialect::Register));
        assert!(matches!(refused, Err(Error::Malformed(_))));
    }
}

#[test]
fn transactions_of_one_operation_are_registers_and_lists() {
    let event = |process: u32, kind: &str, value: &str| {
        format!("{{:process {process}, :type :{kind}, :f :txn, :value {value}}}\n")
    };
    let both = |process: u32, asked: &str, answered: &str| {
        event(process, "invoke", asked) + &event(process, "ok", answered)
    };
    let lists =
        both(0, "[[:append 5 1]]", "[[:append 5 1]]") + &both(1, "[[:r 5 nil]]", "[[:r 5 nil]]");
    let recorded = record::read(lists.as_bytes(), Lists).expect("well-formed");
    let report = judge::lists(&recorded, &Settings::default());
    assert_eq!(report.verdict(), Verdict::Violation);
    let registers =
        both(0, "[[:w :x 1]]", "[[:w :x 1]]") + &both(1, "[[:r :x nil]]", "[[:r :x 1]]");
    let recorded = record::read(registers.as_bytes(), Registers(Dialect::Kv)).expect("well-formed");
    assert_eq!(judge::registers(&recorded, &Settings::default()).verdict(), Verdict::Valid);
    let several = event(0, "invoke", "[[:r 1 nil] [:append 2 1]]");
    assert!(refused(Lists, &several)[0].1.contains("Elle"));
}

#[test]
fn a_file_tells_which_model_it_is_about() {
    let kv = "{:process 0 :type :invoke :f :write :value [1 2]}\n";
    let append = "{:process 0 :type :invoke :f :txn :value [[:append 5 1]]}\n";
    for (text, likely) in [
        (stale("0", "1").as_str(), Likely::Register),
        (kv, Likely::Kv),
        (append, Likely::Append),
        (&znodes(["2", "3"]), Likely::Zookeeper),
        ("{:process 0 :type :invoke :f :acquire}\n", Likely::Mutex),
    ] {
        assert_eq!(record::guess(text.as_bytes()).expect("readable"), Some(likely), "{text}");
    }
}

#[test]
fn a_file_that_does_not_fit_into_the_budget_is_not_read_to_its_end() {
    let text = stale("0", "1").repeat(10_000);
    let read = |budget: &Budget<'_>| {
        let workload = Registers(Dialect::Register);
        record::read_within(text.as_bytes(), workload, Names::default(), budget).map(|_| ())
    };
    let small = Budget { bytes: 10_000, ..Budget::UNLIMITED };
    assert!(matches!(read(&small), Err(Error::Exhausted(Exhausted::Bytes(_)))));
    let late = Budget { is_time_up: Some(&|| true), ..Budget::UNLIMITED };
    assert!(matches!(read(&late), Err(Error::Exhausted(Exhausted::Time))));
    assert!(read(&Budget::UNLIMITED).is_ok());
}

/// Several operations open in one session, answered in order: an asynchronous client.
#[test]
fn an_asynchronous_client_of_zookeeper_is_judged() {
    let event = |kind: &str, f: &str, value: &str| {
        format!("{{:process 0 :type :{kind} :f :{f} :value {value}}}\n")
    };
    let asked = event("invoke", "create", "{:path \"/a\" :data 1}")
        + &event("invoke", "set", "{:path \"/a\" :data 2}")
        + &event("invoke", "get", "{:path \"/a\"}");
    let answered = |data: &str| {
        event("ok", "create", "{:path \"/a\"}")
            + &event("ok", "set", "{:version 1}")
            + &event("ok", "get", data)
    };
    let verdict = |data: &str| zookeeper(&(asked.clone() + &answered(data))).verdict();
    assert_eq!(verdict("{:data 2}"), Verdict::Valid);
    assert_eq!(verdict("{:data 1}"), Verdict::Violation);
}
