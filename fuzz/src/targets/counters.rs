//! States of the servers as coverage for libFuzzer.
//!
//! libFuzzer takes the bytes of one section of the program for coverage counters of its own making
//! and clears them before each input. Each state that a server was in sets one of them, and each
//! level of danger that the ensemble reached.
//!
//! States of the whole ensemble are too many: they filled 32,768 counters within 40,000 executions,
//! and keeping count of such rare features cost libFuzzer more than the executions did. They guide
//! the search within the target instead, see [`super::schedules`].

use zab_checker::Stakes;
use zab_core::View;

/// How many counters: enough that few states share one, few enough to be cleared at each input.
#[cfg(fuzzing)]
const COUNTERS: usize = 1 << 13;

#[cfg(fuzzing)]
#[used]
#[allow(unsafe_code, reason = "there is no other way to name the section of a static")]
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static FEATURES: [std::sync::atomic::AtomicU8; COUNTERS] =
    [const { std::sync::atomic::AtomicU8::new(0) }; COUNTERS];

#[cfg(fuzzing)]
fn set(feature: u64) {
    // The upper bits of a product are the good ones.
    let mixed = feature.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    FEATURES[mixed as usize % COUNTERS].store(1, std::sync::atomic::Ordering::Relaxed);
}

/// Shows libFuzzer the states of the servers.
#[cfg(fuzzing)]
pub fn reached(views: &[Option<View>], stakes: Stakes) {
    crate::coverage::local_states(views, stakes).for_each(|state| set(u64::from(state)));
}

/// Shows libFuzzer how near an execution came to a loss.
#[cfg(fuzzing)]
pub fn endangered(danger: u32) {
    (1..=u64::from(danger)).for_each(|level| set(level << 32));
}

/// Nobody looks.
#[cfg(not(fuzzing))]
pub const fn reached(_: &[Option<View>], _: Stakes) {}

/// Nobody looks.
#[cfg(not(fuzzing))]
pub const fn endangered(_: u32) {}
