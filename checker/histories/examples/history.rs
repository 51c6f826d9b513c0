//! Writes a history of any length, to measure `zab check` with:
//!
//! ```text
//! cargo run --release -p history-checker --example history -- edn 10000000 50 1 > history.edn
//! ```
//!
//! The arguments are the format (`edn` or `jsonl`), how many operations, clients and keys, and, if
//! one read shall be stale, `stale`.

#[path = "../benches/histories/generate.rs"]
#[allow(dead_code, reason = "the benches make use of the rest")]
mod generate;

use generate::{Load, Syntax, write};
use std::io::{self, BufWriter};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|argument| argument.parse::<usize>().ok());
    let syntax = match arguments.first().map(String::as_str) {
        Some("edn") => Syntax::Edn,
        Some("jsonl") => Syntax::Jsonl,
        _ => return Err(io::Error::other("expected edn or jsonl, operations, clients, keys")),
    };
    let operations = number(1).unwrap_or(1_000_000);
    let clients = number(2).unwrap_or(50);
    let keys = number(3).unwrap_or(1);
    let has_stale_read = arguments.last().is_some_and(|last| last == "stale");
    let load = Load { has_stale_read, ..Load::sound(operations, clients, keys as u64) };
    write(&load, syntax, BufWriter::new(io::stdout().lock()))
}
