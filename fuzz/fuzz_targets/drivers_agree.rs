//! `cargo fuzz run -s none drivers_agree`: a schedule through both drivers, to the same verdict.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use {
    libfuzzer_sys::{fuzz_crossover, fuzz_mutator, fuzz_target, fuzzer_mutate},
    zab_fuzz::targets::mutator::{cross_over, mutate_bytes},
};

#[cfg(fuzzing)]
fuzz_target!(|schedule: zab_sim::Schedule| zab_fuzz::targets::schedules::drivers_agree(&schedule));

#[cfg(fuzzing)]
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_bytes(data, size, max_size, seed).unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});

#[cfg(fuzzing)]
fuzz_crossover!(|mother: &[u8], father: &[u8], out: &mut [u8], seed: u32| {
    cross_over(mother, father, out, seed)
});

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    zab_fuzz::targets::explain("drivers_agree")
}
