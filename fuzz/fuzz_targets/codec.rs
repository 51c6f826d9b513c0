//! `cargo fuzz run -s none codec`: any bytes through every parser.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use {libfuzzer_sys::fuzz_target, zab_fuzz::targets::codec};

#[cfg(fuzzing)]
fuzz_target!(|bytes: &[u8]| codec::run(bytes).unwrap_or_else(|what| panic!("{what}")));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    zab_fuzz::targets::explain("codec")
}
