//! Judges a file: `cargo run --release -p history-checker --example judge -- FILE MODEL`.
//!
//! The whole command line, with pages and more models, is `zab check`; this shows how little a
//! program needs that judges its own history.

use history_checker::judge::{self, Contract, Settings};
use history_checker::record::{self, Dialect, Lists, Registers, Znodes};
use std::error::Error;
use std::fs::File;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = File::open(arguments.next().ok_or("expected a file and a model")?)?;
    let settings = Settings::default();
    let report = match arguments.next().as_deref() {
        Some("zookeeper") => {
            let recorded = record::read(file, Znodes)?;
            judge::zookeeper(&recorded, Contract::ZooKeeper, &settings)
        }
        Some("append") => judge::lists(&record::read(file, Lists)?, &settings),
        Some("kv") => judge::registers(&record::read(file, Registers(Dialect::Kv))?, &settings),
        _ => {
            let recorded = record::read(file, Registers(Dialect::CasRegister))?;
            judge::registers(&recorded, &settings)
        }
    };
    println!("{} operations: {}", report.operations, report.verdict().name());
    for example in report.violations() {
        println!("{}: {}", example.clause.name(), example.sentence);
        for operation in &example.operations {
            println!("  {} {}", operation.process, operation.what);
        }
    }
    for (_, reason) in report.undecided() {
        println!("{reason}");
    }
    Ok(())
}
