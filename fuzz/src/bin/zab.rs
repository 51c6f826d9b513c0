//! The `zab` command: see [`zab_fuzz::commands`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    zab_fuzz::commands::main()
}

// `cargo fuzz build` builds every binary of this crate and gives it the main function of libFuzzer.
#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|_bytes: &[u8]| {});
