//! What checking costs, as one table: `cargo bench -p history-checker`; with a word, only the rows
//! that contain it.
//!
//! Each row is a process of its own, so that its peak of memory is its own as well (Linux only; it
//! includes what is judged). A time is the least of several runs. With `PORCUPINE` set to a checkout
//! of `github.com/anishathalye/porcupine`, and Go at hand, the same histories are given to it:
//!
//! ```sh
//! git clone https://github.com/anishathalye/porcupine && git -C porcupine checkout 55508eb
//! PORCUPINE=$PWD/porcupine cargo bench -p history-checker
//! ```
//!
//! The excluded crate `benches/compare` sets other checkers in Rust beside this one.

mod contended;
mod generate;
mod porcupine;
mod rows;

use rows::{Figure, ROWS, Row};
use std::io::{self, Write};
use std::process::{Command, ExitCode};
use std::time::Duration;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--row", name] => measure(name),
        // What `cargo test --benches` asks for is whether this builds.
        words if !words.contains(&"--bench") => ExitCode::SUCCESS,
        words => table(words.iter().find(|word| !word.starts_with('-')).copied()),
    }
}

/// Measures one row in this process, and tells the one that asked.
fn measure(name: &str) -> ExitCode {
    let Some(row) = ROWS.iter().find(|row| row.name == name) else { return ExitCode::FAILURE };
    let Figure { time, note } = (row.measure)();
    println!("{}\t{}\t{note}", time.as_nanos(), peak().unwrap_or_default());
    ExitCode::SUCCESS
}

/// The most memory that this process ever had, in KiB.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn table(wanted: Option<&str>) -> ExitCode {
    println!("| what | time | goal | peak memory | |\n|---|---|---|---|---|");
    let mut code = ExitCode::SUCCESS;
    for row in ROWS.iter().filter(|row| wanted.is_none_or(|word| row.name.contains(word))) {
        match ask(row) {
            Some((time, memory, note)) => {
                let Row { name, goal, .. } = row;
                let is_missed = goal.is_some_and(|goal| time > goal);
                let missed = if is_missed { " **missed**" } else { "" };
                let goal = goal.map_or_else(String::new, |goal| format!("{goal:.2?}"));
                println!("| {name} | {time:.1?} | {goal}{missed} | {memory} | {note} |");
            }
            None => {
                println!("| {} | failed | | | |", row.name);
                code = ExitCode::FAILURE;
            }
        }
        io::stdout().flush().expect("standard output can be written to");
    }
    code
}

/// Has a process of its own measure a row.
fn ask(row: &Row) -> Option<(Duration, String, String)> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new(program).args(["--row", row.name]).output().ok()?;
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    let text = String::from_utf8(output.stdout).ok()?;
    let mut parts = text.trim_end_matches('\n').splitn(3, '\t');
    let time = Duration::from_nanos(parts.next()?.parse().ok()?);
    let memory = match parts.next()?.parse::<u64>().ok()? {
        0 => String::new(),
        kib => format!("{} MiB", kib.div_ceil(1024)),
    };
    Some((time, memory, parts.next()?.to_owned()))
}
