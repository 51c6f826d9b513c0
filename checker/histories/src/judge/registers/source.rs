//! Where the operations on registers come from, as often as they are asked for.

use crate::format::Error;
use crate::linearizability::Budget;
use crate::model::register::Op;
use crate::record::{Names, Recorded, Registers, Settled, stream};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::io::{self, Read};

/// Operations that can be gone through again and again, and are the same each time.
pub(super) trait Source {
    type Error;

    /// Hands out all operations, in any order, and tells what their numbers stand for.
    fn replay(
        &self,
        budget: &Budget<'_>,
        sink: &mut impl FnMut(Settled<Op>) -> usize,
    ) -> Result<Cow<'_, Names>, Self::Error>;
}

impl Source for Recorded<Op> {
    type Error = Infallible;

    fn replay(
        &self,
        _: &Budget<'_>,
        sink: &mut impl FnMut(Settled<Op>) -> usize,
    ) -> Result<Cow<'_, Names>, Infallible> {
        for (at, (call, key)) in self.calls.iter().zip(&self.keys).enumerate() {
            let number = u32::try_from(self.number(at)).expect("checked when it was read");
            let times = self.times.get(at).copied().unwrap_or_default();
            sink(Settled { number, key: *key, call: *call, times, has_failed: false });
        }
        for (key, call) in &self.failed {
            let times = [None, None];
            sink(Settled { number: 0, key: *key, call: *call, times, has_failed: true });
        }
        Ok(Cow::Borrowed(&self.names))
    }
}

/// A file that can be read again.
#[derive(Debug)]
pub struct Reread<F> {
    open: F,
    workload: Registers,
    names: Names,
    /// How many operations it had when it was read last.
    operations: Cell<Option<u64>>,
    /// What it called things.
    read: RefCell<Names>,
}

impl<F> Reread<F> {
    /// `open` gives the file from its beginning, each time.
    pub fn new(open: F, workload: Registers) -> Self {
        Self::with_names(open, workload, Names::default())
    }

    /// The same, with names that have values already.
    pub fn with_names(open: F, workload: Registers, names: Names) -> Self {
        Self { open, workload, names, operations: Cell::new(None), read: RefCell::default() }
    }

    /// What the file calls things, once it was read.
    pub fn names(self) -> Names {
        self.read.into_inner()
    }
}

impl<F: Fn() -> io::Result<R>, R: Read + Send> Source for Reread<F> {
    type Error = Error;

    fn replay(
        &self,
        budget: &Budget<'_>,
        sink: &mut impl FnMut(Settled<Op>) -> usize,
    ) -> Result<Cow<'_, Names>, Error> {
        let mut operations = 0;
        let names = self.names.clone();
        let names = stream((self.open)()?, self.workload, names, budget, &mut |settled| {
            operations += 1;
            sink(settled)
        })?;
        if self.operations.replace(Some(operations)).is_some_and(|before| before != operations) {
            return Err(io::Error::other("it was changed while it was read").into());
        }
        self.read.replace(names.clone());
        Ok(Cow::Owned(names))
    }
}
