//! What the README, the book and help tell to type: every command is understood by the command's own
//! parser, and all but those listed here are run, with bounds where they would take long. Where a
//! page shows an answer, that is the answer.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use zab_fuzz::commands;

/// Commands that are understood and not run: they need real servers, what a fuzzer left behind, or
/// minutes. Tests of their own run them.
const NOT_RUN: [&str; 4] = ["confirm", "record", "agree", "corpus import"];

/// What pages tell to type besides `cargo zab`: these are for people, CI, and other tests.
const OTHERS: [&str; 10] = [
    "apt-get install ",
    "cargo build ",
    "cargo test",
    "cargo fmt ",
    "cargo clippy ",
    "cargo fuzz ",
    "ZAB_VARIANT=zookeeper-4646 cargo fuzz ",
    "export RUSTC_WRAPPER=",
    "fuzz/fetch-zookeeper ",
    "fuzz/release",
];

/// A page that people read.
struct Page {
    name: String,
    text: String,
}

/// A command of a page, and the lines that the page shows of its output.
struct Shown {
    command: String,
    output: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn pages() -> Vec<Page> {
    let book = fs::read_dir(root().join("docs")).expect("there is a book").flatten();
    let mut paths: Vec<PathBuf> = book.map(|file| file.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.extend(["README.md", "CONTRIBUTING.md"].map(|name| root().join(name)));
    paths.sort();
    let read = |path: PathBuf| Page {
        name: path.file_name().expect("it is a file").to_string_lossy().into_owned(),
        text: fs::read_to_string(&path).expect("it can be read"),
    };
    paths.into_iter().map(read).collect()
}

/// The blocks of a language, each with the text before it.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<(&'a str, &'a str)> {
    let fence = format!("```{language}\n");
    let starts = page.match_indices(&fence).map(|(at, _)| at);
    let block = |at: usize| {
        let rest = &page[at + fence.len()..];
        (&page[..at], rest.split("```").next().unwrap_or_default())
    };
    starts.map(block).collect()
}

/// The commands of a page, in their order.
fn commands_of(page: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    for (_, block) in blocks(page, "console") {
        for line in block.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                commands.push(Shown { command: command.to_owned(), output: Vec::new() });
            } else if let Some(shown) = commands.last_mut().filter(|_| line != "...") {
                shown.output.push(line.trim_end().to_owned());
            }
        }
    }
    commands
}

/// The commands within the text of a page; a capital letter by itself stands for any number or name.
fn inline(page: &str) -> impl Iterator<Item = String> {
    let code = page.split('`').skip(1).step_by(2).map(|code| code.replace('\n', " "));
    let filled = |word: &str| match word.chars().all(|c| c.is_ascii_uppercase()) && word.len() == 1
    {
        true => "1".to_owned(),
        false => word.to_owned(),
    };
    code.filter(|code| code.starts_with("cargo zab "))
        .map(move |code| code.split(' ').map(filled).collect::<Vec<_>>().join(" "))
}

/// A folder as a clone is, with the files that the pages have their readers write.
fn folder(pages: &[Page]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    symlink(env!("CARGO_MANIFEST_DIR"), folder.path().join("fuzz")).expect("the folder is new");
    for (before, block) in pages.iter().flat_map(|page| blocks(&page.text, "json")) {
        // The file's name stands before it; what has none is the history that the page is about.
        let name = before.rsplit('`').nth(1).filter(|name| name.ends_with(".json"));
        fs::write(folder.path().join(name.unwrap_or("h.jsonl")), block).expect("there is room");
    }
    let edn = ["check", "h.jsonl", "--write", "history.edn"].map(str::to_owned);
    run(folder.path(), &edn);
    let store = folder.path().join("store/latest");
    fs::create_dir_all(&store).expect("the folder is new");
    fs::copy(folder.path().join("history.edn"), store.join("history.edn")).expect("it was written");
    folder
}

/// The words of a command after `cargo zab`, as a shell makes them.
fn words(folder: &Path, command: &str) -> Vec<String> {
    // Not on standard output, which the command may send to a file.
    let script = format!("exec 3>&1; cargo() {{ printf '%s\\0' \"$@\" >&3; }}\n{command}");
    let bash = Command::new("bash").args(["-c", &script]).current_dir(folder).output();
    let output = bash.expect("there is bash").stdout;
    let text = String::from_utf8(output).expect("pages are UTF-8");
    let mut words = text.split_terminator('\0').map(str::to_owned);
    assert_eq!(words.next().as_deref(), Some("zab"), "{command}");
    words.collect()
}

fn run(folder: &Path, words: &[String]) -> Output {
    let mut zab = Command::new(env!("CARGO_BIN_EXE_zab"));
    zab.args(words).current_dir(folder).output().expect("the binary under test can be started")
}

/// The command with bounds: what a page tells to wait minutes for comes to an end here.
fn bounded(words: &[String], is_shown: bool) -> Vec<String> {
    let mut words = words.to_vec();
    let bounds: &[&str] = match words[0].as_str() {
        "hunt" => {
            let limits = |word: &String| word == "--runs" || word == "--time";
            if let Some(at) = words.iter().position(limits) {
                words.drain(at..at + 2);
            }
            match words.iter().any(|word| word == "--resume") {
                true => &["--runs", "40", "-j", "1", "--lap", "20"],
                false => &["--runs", "40", "-j", "1"],
            }
        }
        "explore" => &["--states", "6000"],
        "minimize" => &["--executions", "200"],
        "verdict" if !is_shown => &["--cases", "fuzz/cases/O2"],
        _ => &[],
    };
    words.extend(bounds.iter().map(|&word| word.to_owned()));
    words
}

/// A line as its words, any small number for a number: columns move with what else is in them, and
/// cases are minted again.
fn masked(line: &str) -> Vec<String> {
    let mask = |word: &str| match word.parse::<u32>() {
        Ok(number) if number < 100 => "#".to_owned(),
        _ => word.to_owned(),
    };
    line.split_whitespace().map(mask).collect()
}

fn is_listed(words: &[String]) -> bool {
    let command = words.join(" ");
    NOT_RUN.iter().any(|name| command.starts_with(name))
}

#[test]
fn every_command_of_the_book_is_understood() {
    let pages = pages();
    let folder = folder(&pages);
    let mut understood = 0;
    for page in &pages {
        let shown = commands_of(&page.text).into_iter().map(|shown| shown.command);
        for command in shown.chain(inline(&page.text)) {
            if !command.starts_with("cargo zab ") {
                let is_known = OTHERS.iter().any(|start| command.starts_with(start));
                assert!(is_known || command.starts_with(".ci/run"), "{}: {command}", page.name);
                continue;
            }
            let words = words(folder.path(), &command);
            // A command's name alone stands for what it does.
            if let [name] = &words[..]
                && commands::names().contains(name)
            {
                continue;
            }
            let parsed = commands::parse(&words);
            parsed.unwrap_or_else(|error| panic!("{}: {command}: {error}", page.name));
            understood += 1;
        }
    }
    assert!(understood > 45, "{understood}");
}

#[test]
fn every_command_of_the_book_says_what_the_book_says() {
    let pages = pages();
    let folder = folder(&pages);
    let mut seen = Vec::new();
    for page in &pages {
        for Shown { command, output } in commands_of(&page.text) {
            if !command.starts_with("cargo zab ") {
                continue;
            }
            let words = words(folder.path(), &command);
            if is_listed(&words) || output.is_empty() && seen.contains(&words) {
                continue;
            }
            let result = run(folder.path(), &bounded(&words, !output.is_empty()));
            seen.push(words);
            let told = String::from_utf8_lossy(&result.stdout).into_owned();
            let error = String::from_utf8_lossy(&result.stderr).into_owned();
            // 3: within these bounds nothing was decided.
            let is_good = matches!(result.status.code(), Some(0 | 1 | 3));
            assert!(is_good, "{}: {command}: {told}{error}", page.name);
            if let Some((_, file)) = command.split_once(" > ") {
                fs::write(folder.path().join(file.trim()), &told).expect("there is room");
            }
            let lines: Vec<_> = told.lines().map(masked).collect();
            for line in output {
                let is_told = lines.contains(&masked(&line));
                assert!(is_told, "{}: {command} does not say `{line}`: {told}", page.name);
            }
        }
    }
    assert!(seen.len() > 25, "{}", seen.len());
}

#[test]
fn every_example_in_help_is_understood() {
    let folder = folder(&pages());
    let mut examples = 0;
    for name in commands::names() {
        let help = run(folder.path(), &[name.clone(), "--help".to_owned()]);
        let help =
            String::from_utf8_lossy(&help.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        for example in help.split("Example: `").skip(1) {
            let example = example.split('`').next().unwrap_or_default();
            let example = example.split(" > ").next().unwrap_or_default();
            // Some are for who has installed the command, and some have variables before it.
            let (_, args) = example.split_once("zab ").expect("an example of this command");
            let words = words(folder.path(), &format!("cargo zab {args}"));
            commands::parse(&words).unwrap_or_else(|error| panic!("{name}: {example}: {error}"));
            examples += 1;
        }
    }
    assert!(examples > 12, "{examples}");
}

#[test]
fn the_oldest_compiler_that_is_promised_is_the_one_that_ci_checks() {
    let workflow =
        fs::read_to_string(root().join(".github/workflows/ci.yml")).expect("it is there");
    let promised = env!("CARGO_PKG_RUST_VERSION");
    assert!(workflow.contains(&format!("cargo +{promised} check --workspace")), "{promised}");
}
