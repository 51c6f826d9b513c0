//! Each run begins with the command that repeats it: it says everything that decides what comes of it.

use super::{folder, hunted, stderr, stdout, zab};
use std::collections::BTreeSet;
use std::path::Path;

/// Options that do not decide what comes of a run: how it is shown, and where reports go.
const SHOWN: [&str; 6] = ["--format", "--quiet", "--color", "--help", "--junit-xml", "--summary"];

/// Options that are part of the variant's name.
const NAMED: [&str; 2] = ["--with", "--fix"];

/// Runs that have every option of a command between them; `CASE` stands for a stored case, `HISTORY` for a
/// client history.
const RUNS: &[(&str, &[&str])] = &[
    (
        "hunt",
        &[
            "--variant 3.8.4 --with trusts-blank-disk --fix 4643 --seed 7 --runs 2 -j 2 --driver turmoil",
        ],
    ),
    (
        "hunt",
        &[
            "--hold-in turmoil --class O1 --without kill,cut --out elsewhere --keep-going --servers 5",
            SHORT,
        ],
    ),
    ("hunt", &["--variant zk-3.9.5 --strict-posix --cause stale-ack --corpus shared", SHORT]),
    ("hunt", &["--variant reference --resume laps --lap 2", SHORT]),
    ("hunt", &["--workload locks --time 1ms -j 1"]),
    ("minimize", &["CASE --driver direct --hold-in turmoil --executions 9 --out elsewhere"]),
    (
        "compare",
        &["4646 --with stale-ack --fix 4646 --seeds 1 --runs 2 --servers 3 --guidance random"],
    ),
    ("agree", &["--variant 4646 --seed 3 --runs 2 --out elsewhere --keep-going --servers 3"]),
    ("agree", &["--with stale-ack --fix stale-ack --workload locks --time 1ms"]),
    (
        "explore",
        &["--writes 0 --reads 1 --restarts 1 --power-losses 1 --step-downs 1 --cuts 1", FEW],
    ),
    ("explore", &["--servers 5 --memory 64 --time 1m --out elsewhere", FEW]),
    ("explore", &["--write-errors 1 --flush-errors 1 --blank-disks 1", FEW]),
    (
        "explore",
        &["--variant 4646 --with stale-ack --fix 4643 --class O1 --free committer,receiver", FEW],
    ),
    ("bench", &["--repetitions 1 --executions 1 --variant zk-3.9.5 --with stale-ack --fix 4882"]),
    ("replay", &["CASE --variant 3.8.4 --with stale-ack --fix 4643 --driver turmoil --times 2"]),
    ("explain", &["CASE --variant 3.8.4 --with stale-ack --fix 4643 --markdown"]),
    ("verdict", &["4646 --against 3.8.4 --strict-posix --cases found --state state --runs 1"]),
    ("verdict", &["reference --cases found --time 1ms"]),
    ("explain", &["CASE --text"]),
    ("explain", &["CASE --table"]),
    ("explain", &["CASE --jira"]),
    ("explain", &["CASE --html page.html"]),
    ("explain", &["CASE --svg picture.svg"]),
    ("check", &["HISTORY --model register --sync quorum --consistency linearizable --initial 0"]),
    (
        "check",
        &["HISTORY --model register --time 90s --memory 64MiB --html page.html --write out.edn"],
    ),
];

/// The least of a hunt.
const SHORT: &str = "--runs 2 -j 1";

/// The least of an exploration.
const FEW: &str = "--states 5";

/// Options of a command that no run above has, and why.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("explain", "--junit", "depends on what the case promises: `tests/junit.rs`"),
    ("replay", "--trace", "prints the trace and nothing else"),
    ("explore", "--from", "needs a finding: `tests/cli/explore.rs`"),
    ("explore", "--first", "goes with --from"),
    ("explore", "--jobs", "makes no difference to what is found"),
    ("check", "--help", "has topics"),
    ("verdict", "--explore", "takes seconds: `tests/docs.rs` runs it"),
    ("verdict", "--jobs", "makes no difference to what is found"),
    ("verdict", "--measure", "writes a file and nothing else"),
];

#[test]
fn the_first_line_of_a_run_repeats_it_to_the_letter() {
    let place = folder();
    let case = hunted(place.path());
    std::fs::copy(case, place.path().join("case.json")).expect("it can be copied");
    std::fs::write(place.path().join("history.edn"), HISTORY).expect("there is room");
    for (command, args) in RUNS {
        let args = words(command, &args.join(" "));
        let told = first_line(place.path(), &args);
        for option in args.iter().filter(|word| word.starts_with('-')) {
            let is_named = NAMED.contains(&option.as_str());
            assert!(is_named || told.split(' ').any(|word| word == option), "{option}: {told}");
        }
        let milliseconds = args.iter().any(|word| word == "1ms");
        assert!(!milliseconds || told.contains("--time 1ms"), "{told}");
        let again = told.strip_prefix("$ cargo zab ").expect("it is a command");
        let again: Vec<String> = again.split(' ').map(str::to_owned).collect();
        assert_eq!(first_line(place.path(), &again), told, "{args:?}");
    }
}

const HISTORY: &str = "{:process 0, :type :invoke, :f :write, :value 1, :time 1}\n\
                       {:process 0, :type :ok, :f :write, :value 1, :time 2}\n";

#[test]
fn every_option_of_every_such_command_is_among_them() {
    let commands: BTreeSet<&str> = RUNS.iter().map(|(command, _)| *command).collect();
    for command in commands {
        let tried: BTreeSet<String> = RUNS
            .iter()
            .filter(|(one, _)| *one == command)
            .flat_map(|(_, args)| words(command, &args.join(" ")))
            .collect();
        for option in options(command) {
            let short = if option == "--jobs" { "-j" } else { &option };
            let is_elsewhere =
                ELSEWHERE.iter().any(|(one, other, _)| *one == command && *other == option);
            let is_tried = tried.contains(short) || SHOWN.contains(&option.as_str());
            assert!(is_tried || is_elsewhere, "{command} {option} is in no run");
        }
    }
}

fn words(command: &str, args: &str) -> Vec<String> {
    let args = args.replace("CASE", "case.json").replace("HISTORY", "history.edn");
    std::iter::once(command).chain(args.split_whitespace()).map(str::to_owned).collect()
}

/// The long options in a command's help.
fn options(command: &str) -> BTreeSet<String> {
    let folder = folder();
    let help = stdout(&zab(folder.path(), &[command, "--help"]));
    let lines = help.lines().filter_map(|line| {
        let line = line.trim_start();
        let is_short = |line: &str| line.starts_with('-') && line.get(2..4) == Some(", ");
        let at = if is_short(line) { 4 } else { 0 };
        line.get(at..)?.strip_prefix("--")?;
        let is_part = |c: char| c == '-' || c.is_ascii_lowercase();
        Some(line[at..].chars().take_while(|c| is_part(*c)).collect())
    });
    lines.collect()
}

fn first_line(folder: &Path, args: &[String]) -> String {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = zab(folder, &args);
    assert!(matches!(output.status.code(), Some(0 | 1 | 3 | 5)), "{args:?}: {}", stderr(&output));
    stdout(&output).lines().next().expect("there is output").to_owned()
}
