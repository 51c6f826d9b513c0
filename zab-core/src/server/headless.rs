//! Files of the log without a header, and what a server that starts makes of them.

use super::{Flow, GO_ON, Leave, Server};
use crate::event::{ExitReason, Headless, NoHeader};
use std::ops::ControlFlow;

impl Server {
    /// Ends the process if it opens a file of the log that has no header (`FileTxnSnapLog.restore`). It
    /// opens the newest one that begins no later than the snapshot ends, and all after it
    /// (`FileTxnLog.FileTxnIterator.init`). An empty one is an `EOFException`; from 3.9.3 on it is removed
    /// if it is the newest (`goToNextLog`). One of zeros "has invalid magic number 0" (`inStreamCreated`).
    pub(super) fn open_headless(&self, headless: &[Headless]) -> Flow {
        let names = || self.durable.log_file_names().chain(headless.iter().map(|file| file.name));
        let snapshot = self.durable.snapshot().last_processed;
        let first = names().filter(|name| *name <= snapshot).max();
        let newest = names().max();
        let is_opened = |file: &&Headless| first.is_none_or(|first| first <= file.name);
        let is_refused = |file: &&Headless| match file.contents {
            NoHeader::Nothing if Some(file.name) == newest => self.variant.refuses_empty_log,
            NoHeader::Nothing | NoHeader::Zeros => self.variant.refuses_zeroed_log,
        };
        match headless.iter().filter(is_opened).find(is_refused) {
            Some(file) => ControlFlow::Break(Leave::Exit(ExitReason::NoHeader(file.contents))),
            None => GO_ON,
        }
    }
}
