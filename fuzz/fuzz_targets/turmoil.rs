//! `cargo fuzz run -s none turmoil`: a schedule through turmoil, to a verdict.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use {
    libfuzzer_sys::{fuzz_crossover, fuzz_mutator, fuzz_target, fuzzer_mutate},
    zab_fuzz::{case::Driver, targets::schedules},
};

#[cfg(fuzzing)]
fuzz_target!(|schedule: zab_sim::Schedule| schedules::judge(Driver::Turmoil, &schedule));

#[cfg(fuzzing)]
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    schedules::next_input(Driver::Turmoil, data, size, max_size, seed)
        .unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});

#[cfg(fuzzing)]
fuzz_crossover!(|mother: &[u8], father: &[u8], out: &mut [u8], seed: u32| {
    schedules::next_child(Driver::Turmoil, mother, father, out, seed)
});

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    zab_fuzz::targets::explain("turmoil")
}
