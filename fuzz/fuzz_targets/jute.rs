//! `cargo fuzz run -s none jute`: any bytes as what servers send and keep.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use {libfuzzer_sys::fuzz_target, zab_fuzz::targets::jute};

#[cfg(fuzzing)]
fuzz_target!(|bytes: &[u8]| jute::run(bytes).unwrap_or_else(|what| panic!("{what}")));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    zab_fuzz::targets::explain("jute")
}
