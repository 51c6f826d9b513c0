//! Files: what is read, and what is refused with its line.

use history_checker::format::{self, Error};
use history_checker::judge::{self, Clause, Settings};
use history_checker::linearizability::Call;
use history_checker::model::register::{Op, Value};
use history_checker::record::{self, Dialect, Recorded, Registers};

fn read(dialect: Dialect, text: &str) -> Result<Recorded<Op>, Error> {
    record::read(text.as_bytes(), Registers(dialect))
}

/// The lines that are refused.
fn refused(dialect: Dialect, text: &str) -> Vec<(u64, String)> {
    match read(dialect, text) {
        Err(Error::Malformed(lines)) => lines.into_iter().map(|l| (l.line, l.what)).collect(),
        other => panic!("expected malformed lines: {other:?}"),
    }
}

const STALE: &str = "\
{:index 0, :type :invoke, :process 0, :f :write, :value 267, :time 1000000}
{:index 1, :type :ok, :process 0, :f :write, :value 267, :time 2000000}
{:index 2, :type :info, :process :nemesis, :f :start, :value \"cut n1 \\\"off\\\"\"}
{:index 3, :type :invoke, :process 1, :f :write, :value 268, :time 3000000}
{:index 4, :type :ok, :process 1, :f :write, :value 268, :time 4000000}
{:index 5, :type :invoke, :process 6, :f :read, :value nil, :time 7100000}
{:index 6, :type :ok, :process 6, :f :read, :value 267, :time 8000000}
";

#[test]
fn a_stale_read_is_explained_in_one_sentence() {
    let recorded = read(Dialect::Register, STALE).expect("well-formed");
    let report = judge::registers(&recorded, &Settings::default());
    let example = report.violations().next().expect("a stale read");
    assert_eq!(example.clause, Clause::StaleRead);
    assert_eq!(
        example.sentence,
        "the read by p6 began 3.1 ms after write 268 by p1 was acknowledged, yet returned 267, \
         and p0 had written 267 before p1 began to write 268"
    );
    assert_eq!(example.staleness.map(|s| (s.versions, s.nanoseconds)), Some((1, Some(3_100_000))));
    assert_eq!(example.operations.len(), 3);
    assert!(example.is_minimal);
}

#[test]
fn a_vector_of_maps_is_the_same_as_a_map_a_line() {
    let rows = read(Dialect::Register, STALE).expect("well-formed");
    let vector = format!("[{}]", STALE.replace('\n', ",\n  ")).replace(",\n  ]", "]");
    let vector = read(Dialect::Register, &vector).expect("well-formed");
    assert_eq!(rows.calls, vector.calls);
    assert_eq!(rows.times, vector.times);
    let one_row = format!("[{}]", STALE.replace('\n', " "));
    assert_eq!(read(Dialect::Register, &one_row).expect("well-formed").calls, rows.calls);
}

#[test]
fn json_lines_and_edn_are_the_same() {
    let edn = "{:process 3 :type :invoke :f :cas :value [\"x\" [1 2]]}\n\
               {:process 3 :type :ok :f :cas :value [\"x\" [1 2]]}\n\
               {:process 4 :type :invoke :f :read :value [\"x\" nil]}\n\
               {:process 4 :type :ok :f :read :value [\"x\" 2]}\n";
    let jsonl = "{\"process\":3,\"type\":\"invoke\",\"f\":\"cas\",\"value\":[\"x\",[1,2]]}\n\
                 {\"process\":3,\"type\":\"ok\",\"f\":\"cas\",\"value\":[\"x\",[1,2]]}\n\n\
                 {\"process\":4,\"type\":\"invoke\",\"f\":\"read\",\"key\":\"x\",\"more\":1.5}\n\
                 {\"process\":4,\"type\":\"ok\",\"f\":\"read\",\"key\":\"x\",\"value\":2}\n";
    let edn = read(Dialect::Kv, edn).expect("well-formed");
    let jsonl = read(Dialect::Kv, jsonl).expect("well-formed");
    assert_eq!(edn.calls, jsonl.calls);
    let cas = Op::Cas { from: Value(1), to: Value(2), done: Some(true) };
    assert_eq!(edn.calls[0], Call { process: 0, invoked: 1, returned: 2, op: cas });
    assert_eq!(edn.calls[1].op, Op::Read(Some(Value(2))));
    assert_eq!(edn.names.key_name(0), Some("x"));
}

#[test]
fn every_malformed_line_is_reported() {
    let text = "{:process 0 :type :invoke :f :write :value 1}\n\
                {:process 0 :type :okay :f :write :value 1}\n\
                gibberish\n\
                {:process 1 :type :invoke :f :swap :value 1}\n\
                {:process 1 :type :ok :f :swap :value 1}\n\
                {:type :ok :f :read :value 1}\n\
                {:process 2 :type :invoke, :f :read";
    let lines: Vec<u64> = refused(Dialect::Register, text).iter().map(|line| line.0).collect();
    assert_eq!(lines, [2, 3, 4, 6, 7]);
}

#[test]
fn a_history_that_no_clients_can_have_seen_is_refused() {
    let twice = "{:process 0 :type :invoke :f :read :value nil}\n\
                 {:process 0 :type :invoke :f :read :value nil}\n";
    assert_eq!(
        refused(Dialect::Register, twice),
        [(2, "process 0 invokes an operation while another one is open".to_owned())]
    );
    let never = "{:process 7 :type :ok :f :read :value nil}\n";
    assert_eq!(
        refused(Dialect::Register, never),
        [(1, "process 7 completes an operation that it did not invoke".to_owned())]
    );
}

#[test]
fn values_that_failed_and_were_read_are_dirty() {
    let text = "{:process 0 :type :invoke :f :write :value \"a\"}\n\
                {:process 0 :type :fail :f :write :value \"a\"}\n\
                {:process 1 :type :invoke :f :read :value nil}\n\
                {:process 1 :type :ok :f :read :value \"a\"}\n";
    let recorded = read(Dialect::Register, text).expect("well-formed");
    let report = judge::registers(&recorded, &Settings::default());
    let example = report.violations().next().expect("a dirty read");
    assert_eq!(example.clause, Clause::DirtyRead);
    assert_eq!(example.sentence, "the read a by p1 found a, but the write a by p0 had failed");
}

#[test]
fn an_empty_file_is_an_empty_history() {
    assert!(read(Dialect::Register, "").expect("well-formed").calls.is_empty());
    assert!(read(Dialect::Register, "\n \n").expect("well-formed").calls.is_empty());
    assert!(matches!(read(Dialect::Register, "hello"), Err(Error::UnknownFormat)));
}

#[test]
fn what_is_written_reads_the_same() {
    let text = "{:process 0 :type :invoke :f :write :value [1 \"a b\"]}\n\
                {:process 5 :type :invoke :f :cas :value [:k [nil -3]]}\n\
                {:process 0 :type :info :f :write :value [1 \"a b\"]}\n\
                {:process 5 :type :ok :f :cas :value [:k false]}\n\
                {:process 0 :type :invoke :f :read :value [1 nil] :time 77}\n\
                {:process 0 :type :ok :f :read :value [1 \"a b\"]}\n";
    let once = read(Dialect::Kv, text).expect("well-formed");
    let events = || format::event::of_registers(&once);
    let (mut edn, mut jsonl, mut shiviz) = (Vec::new(), Vec::new(), Vec::new());
    format::write_edn(events(), &mut edn).expect("memory can be written to");
    format::write_jsonl(events(), &mut jsonl).expect("memory can be written to");
    format::shiviz::write(&once, &mut shiviz).expect("memory can be written to");
    for text in [edn, jsonl] {
        let text = String::from_utf8(text).expect("the formats are text");
        let twice = read(Dialect::Kv, &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let ops = |recorded: &Recorded<Op>| -> Vec<_> {
            recorded.calls.iter().map(|call| (call.process, call.is_crashed(), call.op)).collect()
        };
        assert_eq!(ops(&once), ops(&twice), "{text}");
        assert_eq!(once.keys, twice.keys, "{text}");
    }
    let shiviz = String::from_utf8(shiviz).expect("the format is text");
    assert!(shiviz.ends_with("p0 {\"p0\":3}\nok read a b\n"), "{shiviz}");
}

/// Where two values exclude each other, the sentence says who did what before whom.
#[test]
fn sentences_name_what_was_done_and_by_whom() {
    let sentence = |steps: &[(u32, &str, &str)]| {
        let line = |(process, f, value): &(u32, &str, &str)| {
            let asked = if *f == "read" { "nil" } else { value };
            format!(
                "{{:process {process} :type :invoke :f :{f} :value {asked}}}\n\
                 {{:process {process} :type :ok :f :{f} :value {value}}}\n"
            )
        };
        let text: String = steps.iter().map(line).collect();
        let recorded = read(Dialect::CasRegister, &text).expect("well-formed");
        let report = judge::registers(&recorded, &Settings::default());
        report.violations().next().expect("a violation").sentence.clone()
    };
    assert_eq!(
        sentence(&[(0, "write", "1"), (1, "write", "2"), (2, "read", "2"), (3, "read", "1")]),
        "the read by p3 began after write 2 by p1 was acknowledged, yet returned 1, and p0 had \
         written 1 before p1 began to write 2"
    );
    assert_eq!(
        sentence(&[(0, "write", "1"), (1, "cas", "[1 2]"), (2, "read", "1")]),
        "p2 began to read 1 after p1 had replaced 1 by 2, although 2 had come in place of 1 by \
         compare-and-set"
    );
    assert_eq!(
        sentence(&[(0, "write", "1"), (1, "cas", "[1 2]"), (2, "cas", "[1 3]")]),
        "the cas 1 2 by p1 and the cas 1 3 by p2 both found 1, which was there only once: one of \
         the updates is lost"
    );
}

#[test]
fn a_long_chain_of_updates_is_reduced_to_what_shows_the_violation() {
    let mut calls = vec![Op::Write(Value(0))];
    let cas = |from| Op::Cas { from: Value(from), to: Value(from + 1), done: Some(true) };
    calls.extend((0..1_000).map(cas));
    calls.push(Op::Read(Some(Value(5))));
    let place =
        |(at, op): (u64, Op)| Call { process: 0, invoked: 2 * at, returned: 2 * at + 1, op };
    let calls: Vec<_> = (0..).zip(calls).map(place).collect();
    let keys = vec![0; calls.len()];
    let recorded = Recorded::from_calls(calls, keys);
    let report = judge::registers(&recorded, &Settings::default());
    let example = report.violations().next().expect("a stale read");
    assert!(example.is_minimal);
    assert_eq!(example.operations.len(), 8);
}
