//! `cargo fuzz run -s none disk_recovery`: any bytes as a log, any operations and power losses: what recovery finds.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use {libfuzzer_sys::fuzz_target, zab_fuzz::targets::disk_recovery as target};

#[cfg(fuzzing)]
fuzz_target!(|input: ((u8, u16, u8), &[u8], target::Steps)| {
    let ((records, at, by), file, steps) = input;
    let result = target::run(&steps)
        .and_then(|()| target::recover_damaged(records, at, by))
        .and_then(|()| target::recover_bytes(file));
    result.unwrap_or_else(|what| panic!("{what}"));
});

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    zab_fuzz::targets::explain("disk_recovery")
}
