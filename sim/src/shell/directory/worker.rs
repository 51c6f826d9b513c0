//! The thread that carries disk operations out.

use super::files::Files;
use std::sync::mpsc::Receiver;
use tokio::sync::mpsc::Sender;
use zab_core::{DiskError, DiskOp, File, Lsn};

/// How an operation went. If well, everything on this file up to it is durable.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) file: File,
    pub(super) lsn: Lsn,
    pub(super) result: Result<(), DiskError>,
}

/// Does what is asked for, until the process has ended.
pub(super) fn work(mut files: Files, jobs: &Receiver<(Lsn, DiskOp)>, reports: &Sender<Report>) {
    while let Ok((lsn, op)) = jobs.recv() {
        let (file, is_reported) = (op.file(), op.is_reported());
        let result = files.carry_out(&op);
        if is_reported {
            // Nobody hears it if the process has ended; what it asked for is done all the same.
            let _ = reports.blocking_send(Report { file, lsn, result });
        }
    }
}
