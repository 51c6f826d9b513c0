//! Mutants: ways to break a promise or an order of the protocol by hand, none of them a historical
//! defect. Each is a patch under `mutants/` that says what it breaks and which test notices.
//!
//! `cargo test` makes sure that each patch still applies to this source and is listed. Whether it is
//! still noticed takes a build for each of them, in a copy of the workspace under `target/mutants`:
//!
//! ```console
//! $ cargo test -p zab-core --test mutants -- --ignored              # every one: minutes
//! $ cargo test -p zab-core --test mutants -- --ignored leaderinfo   # those of that name
//! ```

use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::sync::OnceLock;

/// What cargo needs of the workspace to test this crate.
const PARTS: [&str; 6] = ["Cargo.toml", "Cargo.lock", "zab-core", "checker", "sim", "fuzz"];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They share one copy, and what is built there.
    arguments.test_threads = Some(1);
    let mut trials = Vec::new();
    for mutant in Mutant::all() {
        let Mutant { name, patch, .. } = mutant.clone();
        trials.push(Trial::test(format!("{name}::applies"), move || {
            apply(&patch, &workspace(), &["--check"])
        }));
        let listed = mutant.clone();
        trials.push(Trial::test(format!("{name}::is_listed"), move || listed.is_listed()));
        let is_noticed = Trial::test(format!("{name}::is_noticed"), move || mutant.is_noticed());
        trials.push(is_noticed.with_ignored_flag(true));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A patch, and what has to fail with it.
#[derive(Clone)]
struct Mutant {
    name: String,
    patch: PathBuf,
    /// Arguments of `cargo test --package zab-core`.
    noticed_by: String,
}

impl Mutant {
    fn all() -> Vec<Self> {
        let files = fs::read_dir(folder()).expect("the mutants are committed");
        let paths = files.map(|file| file.expect("it can be listed").path());
        let mut patches: Vec<_> =
            paths.filter(|path| path.extension().is_some_and(|e| e == "patch")).collect();
        patches.sort();
        patches.into_iter().map(Self::read).collect()
    }

    fn read(patch: PathBuf) -> Self {
        let text = fs::read_to_string(&patch).expect("a patch is text");
        let noticed_by = text.lines().find_map(|line| line.strip_prefix("Noticed by: "));
        let noticed_by = noticed_by.unwrap_or_else(|| panic!("{}: by whom?", patch.display()));
        let name = patch.file_stem().expect("it has a name").to_string_lossy().into_owned();
        Self { name, noticed_by: noticed_by.to_owned(), patch }
    }

    fn is_listed(&self) -> Result<(), Failed> {
        let table = fs::read_to_string(folder().join("README.md"))?;
        let row = |line: &str| {
            line.starts_with(&format!("| `{}` |", self.name)) && line.contains(&self.noticed_by)
        };
        check(table.lines().any(row), "mutants/README.md does not list it, or another test for it")
    }

    /// The test fails with the mutant, not because the mutant does not compile, and not without it.
    fn is_noticed(&self) -> Result<(), Failed> {
        let copy = copy()?;
        let test = || cargo(copy, &format!("test --package zab-core {}", self.noticed_by));
        check(test()?.status.success(), "the test fails without the mutant")?;
        apply(&self.patch, copy, &[])?;
        let (compiles, passes) = (cargo(copy, "test --package zab-core --no-run"), test());
        apply(&self.patch, copy, &["--reverse"])?;
        check(compiles?.status.success(), "the mutant does not compile")?;
        check(!passes?.status.success(), &format!("not noticed by {}", self.noticed_by))
    }
}

fn check(holds: bool, complaint: &str) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(complaint.into()) }
}

fn cargo(copy: &Path, arguments: &str) -> Result<Output, Failed> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(arguments.split_whitespace()).current_dir(copy);
    Ok(cargo.env("CARGO_TARGET_DIR", copy.join("target")).output()?)
}

fn apply(patch: &Path, tree: &Path, options: &[&str]) -> Result<(), Failed> {
    let mut git = Command::new("git");
    git.arg("apply").args(options).arg(patch).current_dir(tree);
    // The copy lies inside a repository that ignores it: git must not look for that one.
    let output = git.env("GIT_CEILING_DIRECTORIES", tree.parent().unwrap_or(tree)).output()?;
    check(output.status.success(), &String::from_utf8_lossy(&output.stderr))
}

/// A copy of the workspace as it was when the tests began.
fn copy() -> Result<&'static Path, Failed> {
    static COPY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let copy = COPY.get_or_init(|| {
        make_copy().map_err(|failed| failed.message().unwrap_or_default().to_owned())
    });
    copy.as_deref().map_err(Failed::from)
}

/// Files get the time of copying: cargo must not take what is left of an earlier mutant for theirs.
fn make_copy() -> Result<PathBuf, Failed> {
    let copy = workspace().join("target/mutants");
    fs::create_dir_all(&copy)?;
    for part in PARTS {
        let (from, to) = (workspace().join(part), copy.join(part));
        let removed = Command::new("rm").arg("-rf").arg(&to).status()?;
        let copied = Command::new("cp").arg("-r").args([&from, &to]).status()?;
        check(removed.success() && copied.success(), &format!("cannot copy {}", from.display()))?;
    }
    Ok(copy)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("mutants")
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it is a member").to_path_buf()
}
