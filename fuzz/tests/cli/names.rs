//! Names of variants on the command line.

use super::{folder, hunted, stderr, stdout, zab};
use serde_json::Value;
use zab_core::variant::SWITCHES;

/// The first line of a command: the command that repeats it.
fn command(args: &[&str]) -> String {
    let folder = folder();
    let output = zab(folder.path(), &[args, &["--runs", "1", "-j", "1"]].concat());
    assert!(output.status.code() < Some(2), "{args:?}: {}", stderr(&output));
    stdout(&output).lines().next().expect("there is output").to_owned()
}

#[test]
fn one_variant_is_told_by_one_name_however_it_was_asked_for() {
    let hunt = |args: &[&str]| command(&[&["hunt"][..], args].concat());
    for (args, name) in [
        (&["--variant", "ZK-3.8.4"][..], "zk-3.8.0"),
        (&["--variant", "head"], "zk-3.9.5"),
        (&["--variant", "ZooKeeper-4646"], "zookeeper-4646"),
        (&["--variant", "4646"], "zookeeper-4646"),
        (&["--variant", "2172"], "pr-2172"),
        (&["--variant", "reference", "--with", "trunc_unchecked"], "reference+trunc-unchecked"),
        (
            &["--variant", "3.8.4", "--fix", "4643,Late_Apply"],
            "zk-3.8.0-epoch-before-log-late-apply",
        ),
        (
            &["--variant", "3.9.5", "--fix", "stale-ack", "--fix", "4882"],
            "zk-3.9.5-keeps-stale-acks-disk-error-keeps-memory",
        ),
        (&["--with", "keeps-stale-acks", "--variant", "reference"], "stale-ack"),
    ] {
        let told = hunt(args);
        let expected = format!("$ cargo zab hunt --variant {name} --seed 0 --runs 1 -j 1");
        assert_eq!(told, expected, "{args:?}");
    }
}

#[test]
fn a_wrong_name_gets_the_nearest_right_one() {
    let folder = folder();
    for (args, hint) in [
        (&["hunt", "--variant", "zk-3.8.9"][..], "perhaps `zk-3.8.6`"),
        (
            &["hunt", "--variant", "zk-3.9.5-stale-akk"],
            "no switch `stale-akk`, perhaps `stale-ack`",
        ),
        (&["bench", "--with", "late-aply"], "perhaps `late-apply`"),
        (&["hunt", "--with", "shutdown"], "choose from: shutdown=retain"),
        (&["hunt", "--variant", "zk-3.9.5", "--cause", "4646"], "zk-3.9.5 has no defect `4646`"),
        (&["hunt", "--variant", "zk-3.9.5", "--cause", "stale-akk"], "perhaps `stale-ack`"),
    ] {
        let error = stderr(&zab(folder.path(), args));
        assert!(error.contains(hint), "{args:?}: {error}");
    }
}

#[test]
fn a_case_is_replayed_and_explained_with_a_defect_more_or_less() {
    let folder = folder();
    let case = hunted(folder.path());
    let text = std::fs::read_to_string(&case).expect("the case was written");
    let json: Value = serde_json::from_str(&text).expect("a case is JSON");
    let needed = json["defects"][0].as_str().expect("it needs a defect");
    let path = case.to_str().expect("a temporary path is UTF-8");
    for command in ["replay", "explain"] {
        let output = zab(folder.path(), &[command, path, "--fix", needed]);
        // Without that defect nothing is lost, though the release has others, and hazards.
        assert!(matches!(output.status.code(), Some(0 | 1)), "{command}: {}", stdout(&output));
        assert!(!stdout(&output).contains("violation O"), "{command}: {}", stdout(&output));
        let first = stdout(&output);
        let first = first.lines().next().expect("there is output");
        let name = format!("--variant zk-3.8.0-{}", needed.replace('_', "-"));
        assert!(first.contains(&name), "{first}");
    }
    // The same variant by another name has to show what the case promises.
    let again = zab(folder.path(), &["replay", path, "--variant", "3.8.4"]);
    assert_eq!(again.status.code(), Some(1), "{}", stdout(&again));
    let other = text.replacen("zk-3.8.0", "zk-3.8.4", 1);
    std::fs::write(&case, other).expect("the case can be written");
    assert_eq!(zab(folder.path(), &["replay", path]).status.code(), Some(1));
}

#[test]
fn a_release_says_what_stands_for_it_and_a_switch_who_reports_it() {
    let folder = folder();
    let shown = stdout(&zab(folder.path(), &["variants", "zk-3.8.4"]));
    assert!(shown.starts_with("zk-3.8.4 is zk-3.8.0\n"), "{shown}");
    let line = |name: &str| {
        let found = shown.lines().find(|line| line.trim_start().starts_with(name));
        found.unwrap_or_else(|| panic!("no {name}: {shown}")).to_owned()
    };
    for (name, report) in [
        ("new-leader-log=queued", "ZOOKEEPER-4646"),
        ("epoch-before-log", "ZOOKEEPER-4643"),
        ("keeps-stale-acks", "Leader.removeLearnerHandler"),
    ] {
        assert!(line(name).contains(report), "{}", line(name));
    }
    let all = stdout(&zab(folder.path(), &["variants", "--switches"]));
    for switch in SWITCHES {
        for name in switch.settings.iter().map(|setting| switch.spelling_of(setting)) {
            let is_it = |line: &str| line.split_whitespace().next() == Some(&name);
            assert!(all.lines().any(is_it), "{name}: {all}");
        }
    }
}
