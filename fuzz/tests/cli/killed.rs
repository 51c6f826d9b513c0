//! What was announced is on disk, whenever the process is killed.

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

/// Kills a hunt when it has said this number of lines, and returns all that it said.
fn killed(folder: &Path, seed: u64, lines: usize) -> Vec<String> {
    let (output, input) = io::pipe().expect("there are pipes");
    let mut hunt = Command::new(env!("CARGO_BIN_EXE_zab"))
        .args(["hunt", "--variant", "zk-3.5.8", "--keep-going", "--runs", "500", "-j", "2"])
        .args(["--seed", &seed.to_string()])
        .current_dir(folder)
        .stdout(input.try_clone().expect("both go the same way"))
        .stderr(input)
        .spawn()
        .expect("the binary under test can be started");
    let mut output = BufReader::new(output).lines().map_while(Result::ok);
    let mut heard: Vec<String> = output.by_ref().take(lines).collect();
    hunt.kill().expect("it is this process's child");
    hunt.wait().expect("it was killed");
    // What it had said before it died.
    heard.extend(output);
    heard
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
        let heard = killed(folder.path(), seed, lines as usize);
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
