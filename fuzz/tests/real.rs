//! `zab confirm` as its users meet it. What needs real servers says on standard error that it was
//! left out where there are none, unless `ZAB_REAL=required`, as in CI.

#![cfg(feature = "real")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = std::fs::read_dir(folder).expect("scenarios are committed");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn confirm(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zab"));
    command.arg("confirm").args(args).current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("output is UTF-8")
}

fn one_line(output: &Output, code: i32, what: &str) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(what), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn without_java_one_line_says_what_to_install() {
    let output = confirm(&["scenarios/zookeeper-4646.txt"]).env("PATH", "").output();
    one_line(&output.expect("the binary runs"), 4, if cfg!(lab) { "no Java here" } else { "need" });
}

#[cfg(lab)]
mod lab {
    use super::*;
    use zab_fuzz::hold::real_limits;
    use zab_fuzz::oracle::Oracle;
    use zab_fuzz::real::translate::{self, control};
    use zab_fuzz::real::{Java, Scenario};

    #[test]
    fn every_stored_scenario_has_a_title_and_a_control() {
        for path in scenarios() {
            let text = std::fs::read_to_string(&path).expect("it can be read");
            let scenario = Scenario::parse(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(!scenario.title.is_empty(), "{}", path.display());
            assert!(!scenario.difference().is_empty(), "{}", path.display());
        }
    }

    #[test]
    fn a_scenario_that_makes_no_sense_is_refused_with_its_line() {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let path = &written(folder.path(), "wrong.txt", "boot\nkil S0\nclaim differ /x\n");
        let output = confirm(&[path]).output().expect("the binary runs");
        one_line(&output, 2, "wrong.txt: line 2: no verb `kil`");
    }

    /// A scenario in a file of its own.
    fn written(folder: &Path, name: &str, text: &str) -> String {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("it can be written");
        path.to_str().expect("a temporary path is UTF-8").to_owned()
    }

    /// Whether there are servers to try; says why not.
    fn servers(test: &str) -> bool {
        let Err(what) = Java::find(None) else { return true };
        let required = std::env::var("ZAB_REAL").is_ok_and(|value| value == "required");
        assert!(!required, "{what}");
        // Not captured, so that nobody takes it for tested.
        writeln!(std::io::stderr(), "{test} is left out: {what}").expect("it can be written");
        false
    }

    #[test]
    fn a_server_loses_what_its_control_keeps() {
        if !servers("a_server_loses_what_its_control_keeps") {
            return;
        }
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let args = ["scenarios/late-apply.txt", "--control", "--keep", "--format", "json"];
        let mut command = confirm(&args);
        let output = command.env("TMPDIR", folder.path()).output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let json: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("one JSON document");
        let results: Vec<_> = json[0]["executions"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|execution| execution["result"].as_str().expect("a word"))
            .collect();
        assert_eq!(results, ["confirmed", "control kept"]);
        let reads = &json[0]["executions"][0]["reads"]["/lost"];
        assert!(reads["S0"]["value"].is_null() && reads["S1"]["value"].is_null(), "{reads}");
        // What its clients were told is a loss for whoever knows nothing of servers.
        assert_eq!(judged(folder.path(), "late-apply-1"), Some(1));
        assert_eq!(judged(folder.path(), "late-apply-control-1"), Some(0));
    }

    /// What `zab check` says of the history of an execution.
    fn judged(folder: &Path, execution: &str) -> Option<i32> {
        let run = std::fs::read_dir(folder).expect("it was made").next().expect("one command ran");
        let run = run.expect("it can be read").path();
        let history = run.join(execution).join("history.jsonl");
        let mut command = Command::new(env!("CARGO_BIN_EXE_zab"));
        command.arg("check").arg(history).args(["--model", "zookeeper"]);
        command.output().expect("the binary runs").status.code()
    }

    /// The stored cases of a release.
    fn cases(release: &str) -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
        let classes = std::fs::read_dir(folder).expect("cases are committed").flatten();
        let files = classes.flat_map(|class| std::fs::read_dir(class.path()).expect("a folder"));
        let mut cases: Vec<_> = files.map(|file| file.expect("it can be read").path()).collect();
        let of_release = |path: &PathBuf| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(&format!("zk-{release}--")))
        };
        cases.retain(of_release);
        cases.sort();
        cases
    }

    #[test]
    fn a_case_is_told_as_a_scenario_or_it_is_said_why_not() {
        let mut told = 0;
        for path in cases("3.8.0") {
            let case = zab_fuzz::case::read(&path).expect("stored cases can be read");
            let mut oracle = Oracle::with(real_limits);
            let recording = oracle.record(&case.schedule, case.named().releases());
            let story = match translate::translate(&recording, "A case") {
                Ok(text) => text,
                Err(why) => {
                    assert!(!why.what.is_empty(), "{}", path.display());
                    continue;
                }
            };
            let scenario = Scenario::parse(&story)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(scenario.claims.len(), 1, "{}", path.display());
            assert_eq!(translate::translate(&recording, "A case"), Ok(story.clone()));
            told += 1;
            let Some(control) = control::control(&mut oracle, &recording, &story) else { continue };
            Scenario::parse(&control.text)
                .unwrap_or_else(|error| panic!("control of {}: {error}", path.display()));
            assert_ne!(control.text, story);
            let end = |text: &str| text.lines().last().map(str::to_owned);
            assert_eq!(end(&control.text), end(&story), "both claim the same");
        }
        assert!(told >= 2, "{told} cases are told");
    }

    /// A thread that is held beyond its process, or for good, would be a fault that no schedule has.
    #[test]
    fn a_thread_that_a_story_holds_goes_on_or_ends_with_its_process() {
        let mut holds = 0;
        for path in ["3.8.0", "3.9.3", "3.9.5"].into_iter().flat_map(cases) {
            let case = zab_fuzz::case::read(&path).expect("stored cases can be read");
            let mut oracle = Oracle::with(real_limits);
            let recording = oracle.record(&case.schedule, case.named().releases());
            let Ok(story) = translate::translate(&recording, "A case") else { continue };
            let mut held = std::collections::BTreeSet::new();
            for line in story.lines() {
                match line.split(' ').collect::<Vec<_>>()[..] {
                    ["hold", server, "thread", name] => {
                        assert!(held.insert((server, name)), "{}: {line}", path.display());
                        holds += 1;
                    }
                    ["release", server, "thread", name] => {
                        assert!(held.remove(&(server, name)), "{}: {line}", path.display());
                    }
                    ["kill" | "power", server] | ["wait", server, "down"] => {
                        held.retain(|(of, _)| *of != server);
                    }
                    // Everything is let go where the story ends.
                    ["recover"] => held.clear(),
                    _ => {}
                }
            }
            assert!(held.is_empty(), "{}: {held:?}", path.display());
        }
        assert!(holds > 0, "no case needs a thread that stands");
    }

    /// The lines of a stored case as a release has it.
    fn story(case: &str, release: &str) -> Vec<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(case);
        let case = zab_fuzz::case::read(&path).expect("a stored case");
        let named = zab_fuzz::variants::find(release).expect("a release");
        let recording = Oracle::with(real_limits).record(&case.schedule, named.releases());
        let text = translate::translate(&recording, "A case").expect("it can be told");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(str::to_owned).collect()
    }

    /// How many lines there are before the last one that is this.
    fn last(story: &[String], line: &str) -> usize {
        story.iter().rposition(|one| one == line).unwrap_or_else(|| panic!("no line `{line}`"))
    }

    #[test]
    fn what_arrives_while_a_server_loads_its_memory_and_is_not_read_in_its_role_is_not_passed() {
        let case = "O1/zk-3.5.10--late-apply+shutdown+sync-overlooks-unapplied.json";
        let story = story(case, "zk-3.8.0");
        let cut = last(&story, "pass TRUNC <1,3> S2 > S0");
        let next = story[cut + 1..].iter().find(|line| line.contains("S0") && *line != "mute S0");
        assert_eq!(next.map(String::as_str), Some("end S2 > S0"));
    }

    #[test]
    fn who_loses_power_with_the_vote_of_a_server_is_elected_by_it_before() {
        let case = "O2/zk-3.5.8--epoch-before-log+elected-snapshots-tail+rename-unflushed+\
                    unflushed-start+trusts-failed-flush.json";
        let story = story(case, "zk-3.8.0");
        let roles = ["wait S0 looking", "wait S0 following", "wait S0 leading"];
        let mut before = story[..last(&story, "power S2")].iter().rev();
        let role = before.find(|line| roles.contains(&line.as_str()));
        assert_eq!(role.map(String::as_str), Some("wait S0 following"));
    }

    /// Who comes to a leader that leads needs the vote of a follower, which counts although it is one no more.
    #[test]
    fn who_joins_by_the_vote_of_a_follower_joins_before_that_one_leaves_its_role() {
        let story = story("O1/stale-ack.json", "zk-3.8.0");
        let follows = story.iter().position(|line| line == "wait S0 following");
        let leaves = story.iter().position(|line| line == "mute S1");
        assert!(follows.is_some() && follows < leaves, "{follows:?} {leaves:?}");
    }

    /// Without any one of its faults the case loses the write as well, or another client overwrites it.
    #[test]
    fn where_no_fault_makes_a_control_a_request_does() {
        let case = "O1/zk-3.9.5--keeps-stale-acks+disk-error-keeps-memory.json";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(case);
        let case = zab_fuzz::case::read(&path).expect("a stored case");
        let mut oracle = Oracle::with(real_limits);
        let recording = oracle.record(&case.schedule, case.named().releases());
        let story = translate::translate(&recording, "A case").expect("it can be told");
        let control = control::control(&mut oracle, &recording, &story).expect("there is one");
        assert!(control.difference.contains(r#""do":"client""#), "{}", control.difference);
        assert!(control.text.contains("answer c1.1") && !control.text.contains("ask c0.1"));
    }

    /// Each client has a connection of its own, and a thread of the leader reads each of them.
    #[test]
    fn who_asks_a_leader_next_does_so_when_what_came_before_is_proposed() {
        let story = story("O1/zk-3.5.8--proposal-check+snap-keeps-log.json", "zk-3.9.3");
        let next = story.iter().position(|line| line.starts_with("ask c1.1 S2"));
        let next = next.expect("three clients ask at the same time");
        assert!(story[next - 2].starts_with("ask c0.1 S2"), "{story:?}");
        assert_eq!(story[next - 1], "wait PROPOSAL <1,5> S2 > S0 held");
    }

    /// There are votes for a leader that loses its power, or leaves its role, and who has them would vote for
    /// what is left of it.
    #[test]
    fn who_would_elect_a_leader_that_comes_back_does_not_elect_what_it_was_before() {
        for (case, release, server, back) in [
            (
                "O1/zk-3.5.8--disk-error-keeps-memory+trusts-failed-flush.json",
                "zk-3.8.0",
                "S0",
                "start S2",
            ),
            (
                "O1/zk-3.8.0--elected-snapshots-tail+snapshot-in-place+trusts-blank-disk.json",
                "zk-3.8.0",
                "S0",
                "start S1",
            ),
            ("O1/zk-3.6.2--late-apply+shutdown.json", "zk-3.9.3", "S2", "wait S0 looking"),
        ] {
            let story = story(case, release);
            let follows = format!("wait {server} following");
            let follows = story.iter().position(|line| *line == follows);
            assert!(follows > Some(last(&story, back)), "{case}: {story:?}");
        }
    }

    #[test]
    fn a_story_goes_on_where_a_majority_lacks_the_write_only_for_what_is_written_afterwards() {
        let case = "O1/zk-3.9.3--elected-snapshots-tail+snapshot-in-place+unflushed-start.json";
        let story = story(case, "zk-3.9.3");
        let begins = story.iter().rposition(|line| line == "wait S1 serves");
        let written = story.iter().rposition(|line| line.starts_with("flush S1 <8,"));
        assert!(written > begins, "{begins:?} {written:?}");
        assert!(last(&story, "wait S0 serves") > written.expect("it is written"));
    }

    #[test]
    fn strict_directories_are_set_for_real_servers_and_what_the_boot_has_left_is_on_the_disk() {
        let story = story("O1/directory-unsynced.json", "zk-3.8.0");
        assert!(last(&story, "directories strict") < last(&story, "boot"));
        assert_eq!(last(&story, "settle all") + 1, last(&story, "gate"));
        assert!(!story.iter().any(|line| line.starts_with("journal")), "{story:?}");
    }

    #[test]
    fn an_installed_command_brings_its_gate_along() {
        if !servers("an_installed_command_brings_its_gate_along") {
            return;
        }
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let program = folder.path().join("zab");
        std::fs::copy(env!("CARGO_BIN_EXE_zab"), &program).expect("it can be copied");
        let text = "boot\ndo c0 S2 create /x 1\nclaim lost /x 1\n";
        let path = &written(folder.path(), "kept.txt", text);
        let mut command = Command::new(program);
        command.args(["confirm", path]).current_dir(folder.path()).env_remove("CARGO_MANIFEST_DIR");
        let output = command.output().expect("the binary runs");
        let told = String::from_utf8(output.stdout.clone()).expect("output is UTF-8");
        assert_eq!(output.status.code(), Some(5), "{told}{}", stderr(&output));
        assert!(told.contains("/x after sync: S0 \"1\", S1 \"1\", S2 \"1\""), "{told}");
    }

    #[test]
    fn two_scenarios_of_one_name_leave_a_folder_each() {
        if !servers("two_scenarios_of_one_name_leave_a_folder_each") {
            return;
        }
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let text = "boot\ndo c0 S2 create /x 1\nclaim lost /x 1\n";
        let paths = ["a", "b"].map(|name| {
            let folder = folder.path().join(name);
            std::fs::create_dir(&folder).expect("the folder is new");
            written(&folder, "kept.txt", text)
        });
        let args = [paths[0].as_str(), &paths[1], "--keep"];
        let output = confirm(&args).env("TMPDIR", folder.path()).output().expect("the binary runs");
        let told = String::from_utf8(output.stdout.clone()).expect("output is UTF-8");
        assert_eq!(output.status.code(), Some(5), "{told}{}", stderr(&output));
        assert!(told.contains("0 confirmed, 2 refuted"), "{told}");
    }

    #[test]
    fn a_case_is_confirmed_by_itself_and_its_control_keeps_what_it_loses() {
        if !servers("a_case_is_confirmed_by_itself_and_its_control_keeps_what_it_loses") {
            return;
        }
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let case = folder.path().join("case.json");
        std::fs::copy("cases/O2/unflushed-start.json", &case).expect("it is committed");
        let path = case.to_str().expect("a temporary path is UTF-8");
        let args = [path, "--control", "--record", "--format", "json"];
        let output = confirm(&args).output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let json: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("one JSON document");
        let results = |at: usize| json[0]["executions"][at]["result"].as_str().expect("a word");
        assert_eq!([results(0), results(1)], ["confirmed", "control kept"]);
        let recorded = zab_fuzz::case::read(&case).expect("it can be read").confirmed;
        assert_eq!(
            (recorded[0].release.as_str(), recorded[0].runs, recorded[0].of),
            ("3.8.0", 1, 1)
        );
    }

    #[test]
    fn a_case_that_the_model_of_the_release_survives_is_not_expressible() {
        if !servers("a_case_that_the_model_of_the_release_survives_is_not_expressible") {
            return;
        }
        let path = "cases/valid/zk-3.8.0-reset-of-a-stalled-server.json";
        let output = confirm(&[path]).output().expect("the binary runs");
        let told = String::from_utf8(output.stdout.clone()).expect("output is UTF-8");
        assert_eq!(output.status.code(), Some(3), "{told}{}", stderr(&output));
        assert!(
            told.contains("not expressible: the model of this release breaks no rule"),
            "{told}"
        );
    }

    #[test]
    fn what_is_recorded_under_faults_is_judged_at_once() {
        if !servers("what_is_recorded_under_faults_is_judged_at_once") {
            return;
        }
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let history = folder.path().join("history.jsonl");
        let mut command = Command::new(env!("CARGO_BIN_EXE_zab"));
        command.args(["record", "--operations", "500", "--faults", "2", "--out"]).arg(&history);
        let output = command.output().expect("the binary runs");
        let told = String::from_utf8(output.stdout.clone()).expect("output is UTF-8");
        assert_eq!(output.status.code(), Some(0), "{told}{}", stderr(&output));
        assert!(told.contains("valid"), "{told}");
        let text = std::fs::read_to_string(&history).expect("it was written");
        let asked = text.lines().filter(|line| line.contains(r#""type":"invoke""#)).count();
        assert!(asked >= 500, "{asked} operations");
    }

    #[test]
    fn what_does_not_happen_is_refuted_at_its_line() {
        if !servers("what_does_not_happen_is_refuted_at_its_line") {
            return;
        }
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let text = "patience 1\nboot\ndo c0 S2 create /x 1\nwait S0 log <7,7>\nclaim lost /x 1\n";
        // Starting takes longer than this patience: it counts for what stands after it.
        let text = text.replace("patience 1", "patience 15");
        let path = &written(folder.path(), "never.txt", &text);
        let output = confirm(&[path]).output().expect("the binary runs");
        let told = String::from_utf8(output.stdout.clone()).expect("output is UTF-8");
        assert_eq!(output.status.code(), Some(5), "{told}");
        assert!(told.contains("left the story at line 4, `wait S0 log <7,7>`"), "{told}");
        assert!(told.contains("/x after sync: S0 \"1\", S1 \"1\", S2 \"1\""), "{told}");
    }

    /// Every process whose command line names this folder.
    fn processes(folder: &Path) -> Vec<String> {
        let folder = folder.to_str().expect("a temporary path is UTF-8");
        let tasks = std::fs::read_dir("/proc").expect("Linux has it").flatten();
        tasks
            .filter_map(|task| {
                let pid = task.file_name().to_str()?.parse::<u32>().ok()?;
                let line = std::fs::read_to_string(task.path().join("cmdline")).ok()?;
                line.contains(&format!("{folder}/zab-confirm-")).then(|| pid.to_string())
            })
            .collect()
    }

    #[test]
    fn no_server_outlives_a_command_that_is_killed() {
        if !servers("no_server_outlives_a_command_that_is_killed") {
            return;
        }
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let text = "patience 300\nboot\nwait S0 log <7,7>\nclaim differ /x\n";
        let path = &written(folder.path(), "endless.txt", text);
        let mut command = confirm(&[path]).env("TMPDIR", folder.path()).spawn().expect("it runs");
        while processes(folder.path()).len() < 3 {
            assert!(command.try_wait().expect("it can be asked").is_none(), "it ended");
            std::thread::yield_now();
        }
        command.kill().expect("it runs");
        command.wait().expect("it ends");
        // They end as soon as they see that the other end of their gate is closed.
        while !processes(folder.path()).is_empty() {
            std::thread::yield_now();
        }
    }
}
