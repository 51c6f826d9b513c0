//! What the fuzz targets do with an input; `fuzz/fuzz_targets` holds the glue to libFuzzer, and
//! `tests/properties.rs` has bolero run the same under `cargo test`.
//!
//! A target takes bytes, or a schedule made of them, and says what is wrong, if anything is. Those
//! that run schedules keep their ensembles from one input to the next, as [`Oracle`] does, and
//! look at the environment once: `ZAB_VARIANT` names the variant to run (`reference` if unset), and
//! `ZAB_CLASS` the class to look for, and `ZAB_STRICT_POSIX` has the search inside propose schedules in
//! which a flush of a file does not make its name durable.
//!
//! [`Oracle`]: crate::oracle::Oracle

pub mod codec;
pub mod core_inputs;
pub mod counters;
pub mod disk_recovery;
#[cfg(feature = "real")]
pub mod jute;
pub mod linearizability;
pub mod mutator;
pub mod schedules;

/// What a target says when it is started as an ordinary program.
pub fn explain(target: &str) -> std::process::ExitCode {
    eprintln!(
        "{target} is a fuzz target: run it with `cargo fuzz run -s none {target}`, see README.md"
    );
    std::process::ExitCode::from(2)
}
