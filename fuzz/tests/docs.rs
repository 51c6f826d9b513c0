//! The pages under `docs/`: what they tell to type works, and answers what they show.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A command of a page, and the lines that the page shows of its output.
struct Shown {
    command: String,
    output: Vec<String>,
}

/// The commands of a page, in their order.
fn commands(page: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    for block in page.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for line in block.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                let command = command.split(" # ").next().unwrap_or_default().trim().to_owned();
                commands.push(Shown { command, output: Vec::new() });
            } else if let Some(shown) = commands.last_mut().filter(|_| line != "...") {
                shown.output.push(line.trim_end().to_owned());
            }
        }
    }
    commands
}

/// A folder with the stored cases and the files that the page has its readers write.
fn folder(page: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    fs::create_dir(folder.path().join("fuzz")).expect("the folder is new");
    for class in fs::read_dir(cases).expect("there are cases").flatten() {
        let to = folder.path().join("fuzz/cases").join(class.file_name());
        fs::create_dir_all(&to).expect("the folder is new");
        for case in fs::read_dir(class.path()).expect("it is a folder").flatten() {
            fs::copy(case.path(), to.join(case.file_name())).expect("there is room");
        }
    }
    for (before, block) in page.split("```json\n").zip(page.split("```json\n").skip(1)) {
        let name = before.rsplit('`').nth(1).expect("a file has a name before it");
        let text = block.split("```").next().unwrap_or_default();
        fs::write(folder.path().join(name), text).expect("there is room");
    }
    folder
}

fn run(folder: &Path, command: &str) -> Output {
    let args = command.strip_prefix("cargo zab ").expect("pages tell of cargo zab");
    // Quotes hold words together, as in a shell.
    let args = args.split('"').enumerate().flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
        _ => vec![part.to_owned()],
    });
    let mut zab = Command::new(env!("CARGO_BIN_EXE_zab"));
    zab.args(args).current_dir(folder).output().expect("the binary under test can be started")
}

#[test]
fn a_page_says_what_its_commands_do() {
    let docs: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "docs"].iter().collect();
    let mut checked = 0;
    for page in fs::read_dir(docs).expect("there are pages").flatten() {
        let text = fs::read_to_string(page.path()).expect("a page is text");
        let folder = folder(&text);
        for Shown { command, output } in commands(&text) {
            let result = run(folder.path(), &command);
            let told = String::from_utf8_lossy(&result.stdout).into_owned();
            let error = String::from_utf8_lossy(&result.stderr).into_owned();
            assert!(result.status.code() < Some(2), "{command}: {told}{error}");
            let lines: Vec<_> = told.lines().map(str::trim_end).collect();
            for line in output {
                assert!(lines.contains(&line.as_str()), "{command} does not say `{line}`: {told}");
            }
            checked += 1;
        }
    }
    assert!(checked >= 8, "{checked}");
}
