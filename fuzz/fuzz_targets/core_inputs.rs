//! `cargo fuzz run -s none core_inputs`: one server and whatever may reach it.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use {libfuzzer_sys::fuzz_target, zab_core::Variant, zab_fuzz::targets::core_inputs};

#[cfg(fuzzing)]
fuzz_target!(|bytes: &[u8]| {
    core_inputs::run(bytes, Variant::REFERENCE).unwrap_or_else(|what| panic!("{what}"));
});

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    zab_fuzz::targets::explain("core_inputs")
}
