//! What was announced is kept, whatever ends the process, and where the disk is full it is told.

use super::folder;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use zab_checker::Class;
use zab_fuzz::case::{self, Case};
use zab_fuzz::oracle::Oracle;
use zab_fuzz::rng::Rng;

/// How many hunts are killed.
const KILLS: u64 = 50;

/// How many are asked to end, or find the disk full.
const ENDS: u64 = 15;

const HUNT: [&str; 8] =
    ["hunt", "--variant", "zk-3.5.8", "--keep-going", "--runs", "500", "-j", "2"];

/// The classes that were announced, with the file of each.
fn announced(lines: &[String]) -> Vec<(Class, PathBuf)> {
    let finding = |line: &String| {
        let (class, rest) = line.strip_prefix("found ")?.split_once(": ")?;
        let (_, path) = rest.split_once("until it is minimized it is in ")?;
        Some((Class::parse(class)?, PathBuf::from(path)))
    };
    lines.iter().filter_map(finding).collect()
}

/// Every case in the folder of findings; each is whole, and does what it promises.
fn cases(folder: &Path, oracle: &mut Oracle) -> BTreeMap<PathBuf, Case> {
    let files = fs::read_dir(folder.join("findings")).into_iter().flatten().flatten();
    let visible = files.map(|file| file.path()).filter(|path| {
        path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'))
    });
    let read = |path: PathBuf| {
        let case = case::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let judged = oracle.judge(&case.schedule, case.named().releases());
        assert_eq!(judged.class(), case.expected.class(), "{}", path.display());
        (path, case)
    };
    visible.map(read).collect()
}

/// Sends a signal to a hunt when it has said this number of lines. How it ended, and all that it said.
fn signaled(folder: &Path, signal: &str, seed: u64, lines: usize) -> (Option<i32>, Vec<String>) {
    let (output, input) = io::pipe().expect("there are pipes");
    let mut hunt = Command::new(env!("CARGO_BIN_EXE_zab"))
        .args(HUNT)
        .args(["--seed", &seed.to_string()])
        .current_dir(folder)
        .stdout(input.try_clone().expect("both go the same way"))
        .stderr(input)
        .spawn()
        .expect("the binary under test can be started");
    let mut output = BufReader::new(output).lines().map_while(Result::ok);
    let mut heard: Vec<String> = output.by_ref().take(lines).collect();
    let sent = Command::new("kill").args(["-s", signal, &hunt.id().to_string()]).status();
    assert!(sent.expect("there is a command for it").success());
    // What it still had to say.
    heard.extend(output);
    (hunt.wait().expect("it has ended").code(), heard)
}

#[test]
fn a_finding_that_was_announced_is_kept_whenever_the_process_is_killed() {
    let mut rng = Rng::new(19);
    let mut oracle = Oracle::default();
    let (mut told, mut unminimized, mut minimized) = (0, 0, 0);
    for seed in 0..KILLS {
        let folder = folder();
        // Half of them while it still searches, the others while it minimizes and tells.
        let lines = if rng.one_in(2) { rng.between(2, 4) } else { rng.between(5, 300) };
        let (_, heard) = signaled(folder.path(), "KILL", seed, lines as usize);
        let kept = cases(folder.path(), &mut oracle);
        for (class, path) in announced(&heard) {
            told += 1;
            // Where it was, or minimized.
            let is_there = kept.contains_key(&folder.path().join(&path));
            let is_settled = kept
                .values()
                .any(|case| case.provenance.minimizing > 0 && case.expected.class() == Some(class));
            assert!(is_there || is_settled, "seed {seed}: {class} in {path:?} is gone");
            unminimized += u64::from(is_there);
            minimized += u64::from(!is_there);
        }
    }
    assert!(
        told >= KILLS && unminimized >= KILLS / 2 && minimized > 0,
        "{told} {unminimized} {minimized}"
    );
}

#[test]
fn a_hunt_that_is_asked_to_end_minimizes_and_tells_what_it_has_found() {
    let mut rng = Rng::new(23);
    let mut oracle = Oracle::default();
    let mut told = 0;
    for seed in 0..ENDS {
        let folder = folder();
        let signal = ["TERM", "HUP", "INT"][rng.index(3)];
        let (code, heard) = signaled(folder.path(), signal, seed, rng.between(2, 40) as usize);
        let kept = cases(folder.path(), &mut oracle);
        let announced = announced(&heard);
        told += announced.len();
        // A search that has nothing may have come to its end before.
        let expected: &[i32] = if announced.is_empty() { &[0, 3] } else { &[1] };
        let is_expected = code.is_some_and(|code| expected.contains(&code));
        assert!(is_expected, "{signal}: {code:?}: {heard:?}");
        for (class, _) in announced {
            let is_it = |case: &Case| case.expected.class() == Some(class);
            assert!(kept.values().any(is_it), "seed {seed}, {signal}: {class} is gone");
        }
        let is_minimized = |case: &Case| case.provenance.minimizing > 0;
        assert!(kept.values().all(is_minimized), "seed {seed}, {signal}: something was left over");
    }
    assert!(told > 0);
}

/// Every case in what was said because it could not be written.
fn told_cases(said: &str) -> Vec<Case> {
    let texts = said.split("this is the case:\n").skip(1).map(|text| {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
        let value = values.next().expect("a case follows").expect("it is JSON").to_string();
        case::parse(&value).expect("it is a case")
    });
    texts.collect()
}

/// Files may have this many KiB and no more, as if the disk were full behind them.
#[test]
fn where_the_disk_is_full_a_finding_goes_to_the_terminal() {
    let mut oracle = Oracle::default();
    let (mut told, mut written) = (0, 0);
    for (seed, kib) in (0..ENDS).zip([0, 1, 2, 3, 4].into_iter().cycle()) {
        let folder = folder();
        // Without the signal a process is told that it cannot write, as on a full disk.
        let script = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$@\"");
        let output = Command::new("bash")
            .args(["-c", &script, "bash", env!("CARGO_BIN_EXE_zab")])
            .args(HUNT)
            .args(["--seed", &seed.to_string()])
            .current_dir(folder.path())
            .output()
            .expect("there is bash");
        let said = String::from_utf8(output.stderr).expect("output is UTF-8");
        let kept = cases(folder.path(), &mut oracle);
        let cases = told_cases(&said);
        let is_found = !cases.is_empty() || !kept.is_empty();
        let code = output.status.code();
        assert_eq!(code, Some(i32::from(is_found)), "seed {seed}, {kib} KiB: {said}");
        for case in &cases {
            let judged = oracle.judge(&case.schedule, case.named().releases());
            assert_eq!(judged.class(), case.expected.class(), "seed {seed}, {kib} KiB");
        }
        told += cases.len();
        written += kept.len();
    }
    assert!(told > 0 && written > 0, "{told} {written}");
}
