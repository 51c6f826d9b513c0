//! Which edges of the code an execution took, in a build that counts them.
//!
//! The compiler (`-sanitizer-coverage-inline-8bit-counters`) puts a counter at every edge and has
//! each module announce its counters before `main`. `fuzz/instrument` switches this on for the crates
//! of this workspace alone. In any other build there are no counters, and [`AVAILABLE`] says so.

/// Whether this build counts edges.
pub const AVAILABLE: bool = cfg!(instrumented);

#[cfg(instrumented)]
pub use counted::{collect, reset};

/// Sets every counter to zero.
#[cfg(not(instrumented))]
pub const fn reset() {}

/// Adds a feature for each edge that was taken, and for how often, in powers of two.
#[cfg(not(instrumented))]
pub const fn collect(_: &mut Vec<crate::coverage::Feature>) {}

#[cfg(instrumented)]
#[allow(unsafe_code, reason = "the counters belong to the compiler, which hands out pointers")]
mod counted {
    use crate::coverage::Feature;
    use std::sync::Mutex;

    /// The counters of one module: where they begin, and how many there are.
    struct Counters(*mut u8, usize);

    // SAFETY: counters are plain bytes that live as long as the program; a search that reads them
    // runs in one thread, and a count that is off would only mislead it.
    unsafe impl Send for Counters {}

    static MODULES: Mutex<Vec<Counters>> = Mutex::new(Vec::new());

    /// Called by each module before `main`.
    #[unsafe(no_mangle)]
    extern "C" fn __sanitizer_cov_8bit_counters_init(start: *mut u8, stop: *mut u8) {
        let count = stop as usize - start as usize;
        if count > 0 {
            MODULES.lock().expect("no panic before main").push(Counters(start, count));
        }
    }

    /// Sets every counter to zero.
    pub fn reset() {
        for Counters(start, count) in MODULES.lock().expect("held without panics").iter() {
            // SAFETY: the module announced that number of bytes from there.
            unsafe { start.write_bytes(0, *count) };
        }
    }

    /// Adds a feature for each edge that was taken, and for how often, in powers of two.
    pub fn collect(features: &mut Vec<Feature>) {
        let mut number: Feature = 0;
        for Counters(start, count) in MODULES.lock().expect("held without panics").iter() {
            // SAFETY: the module announced that number of bytes from there.
            let counters = unsafe { std::slice::from_raw_parts(*start, *count) };
            for counter in counters {
                if let Some(magnitude) = counter.checked_ilog2() {
                    // Odd, as no state is.
                    features.push((number * 8 + Feature::from(magnitude)) * 2 + 1);
                }
                number += 1;
            }
        }
    }
}
