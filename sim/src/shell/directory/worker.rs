//! The thread that carries disk operations out.

use super::files::Files;
use std::sync::mpsc::Receiver;
use tokio::sync::mpsc::Sender;
use zab_core::{DiskOp, File, Lsn};

/// How an operation went.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// Everything on this file up to this operation is durable.
    Done(File, Lsn),
    /// The operation failed.
    Failed(File, Lsn),
}

/// Does what is asked for, until the process has ended or something fails.
pub(super) fn work(mut files: Files, jobs: &Receiver<(Lsn, DiskOp)>, reports: &Sender<Report>) {
    while let Ok((lsn, op)) = jobs.recv() {
        let file = op.file();
        let report = match files.carry_out(&op) {
            Ok(()) if op.is_reported() => Report::Done(file, lsn),
            Ok(()) => continue,
            Err(_) => Report::Failed(file, lsn),
        };
        let is_over = matches!(report, Report::Failed(..));
        if reports.blocking_send(report).is_err() || is_over {
            return;
        }
    }
}
