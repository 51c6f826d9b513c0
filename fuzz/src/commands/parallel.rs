//! The same work on many items, by several threads; no thread changes what comes of it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many threads work.
#[derive(Copy, Clone, Debug, clap::Args)]
pub(super) struct Jobs {
    /// Threads [default: one for each core]
    // More than this no machine starts for certain.
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

impl Jobs {
    /// As many as were asked for, or one for each core.
    pub(super) fn count(self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.jobs.map_or_else(cores, usize::from)
    }
}

/// What the function makes of each item, in their order, whatever thread does it.
pub(super) fn in_parallel<T: Sync, R: Send>(
    jobs: usize,
    items: &[T],
    make: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let made = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(items.len()) {
            scope.spawn(|| {
                while let Some((at, item)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    items.get(at).map(|item| (at, item))
                } {
                    let one = make(item);
                    made.lock().expect("nothing panics while it holds the lock").push((at, one));
                }
            });
        }
    });
    let mut made = made.into_inner().expect("every thread has ended");
    made.sort_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, one)| one).collect()
}
