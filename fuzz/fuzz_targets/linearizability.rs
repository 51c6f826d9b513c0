//! `cargo fuzz run -s none linearizability`: any small history: three engines, one verdict.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use {libfuzzer_sys::fuzz_target, zab_fuzz::targets::linearizability as target};

#[cfg(fuzzing)]
fuzz_target!(|history: target::SmallHistory| {
    target::judge(&history).unwrap_or_else(|what| panic!("{what}"));
});

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    zab_fuzz::targets::explain("linearizability")
}
