//! A real directory as the disk of a server.
//!
//! | file | contents |
//! |---|---|
//! | `log.EPOCH.COUNTER` | a header, records with length and checksum ([`record`](crate::disk::record)), zeros |
//! | `snapshot.EPOCH.COUNTER` | checksum and state, written beside and renamed |
//! | `acceptedEpoch`, `currentEpoch` | a decimal number, written beside and renamed |
//!
//! A thread of its own carries operations out in the order in which they were asked for, and
//! reports them when they are durable, or have failed.

mod files;
mod log;
mod worker;

use super::agenda::Agenda;
use super::event::{Event, Inbox, Stamped};
use super::limits::INBOX;
use super::platform::Platform;
use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc as threads;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use worker::Report;
use zab_core::{DiskOp, Lsn, Recovered, Span, Time};

/// The thread, and the way to it.
struct Thread {
    jobs: threads::Sender<(Lsn, DiskOp)>,
    handle: JoinHandle<()>,
}

/// A directory for a disk, and the clock of the runtime.
#[derive(Clone)]
pub struct Directory {
    folder: PathBuf,
    started: Instant,
    thread: Rc<RefCell<Option<Thread>>>,
}

impl Directory {
    /// A disk that is this folder, which exists. To be made inside a runtime.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, started: Instant::now(), thread: Rc::default() }
    }

    /// Waits until the disk is at rest, once the process that used it is gone.
    pub fn rest(&self) {
        if let Some(Thread { jobs, handle }) = self.thread.borrow_mut().take() {
            drop(jobs);
            handle.join().expect("the thread does not panic");
        }
    }
}

impl Platform for Directory {
    fn start(&self, inbox: Inbox) -> io::Result<Recovered> {
        let (found, files) = files::Files::open(&self.folder)?;
        let (jobs, queue) = threads::channel();
        let (told, reports) = mpsc::channel(INBOX);
        let handle = std::thread::spawn(move || worker::work(files, &queue, &told));
        tokio::task::spawn_local(hand_on(reports, inbox));
        *self.thread.borrow_mut() = Some(Thread { jobs, handle });
        Ok(found)
    }

    fn now(&self) -> Time {
        let passed = self.started.elapsed().as_micros();
        Time(u64::try_from(passed).expect("a process does not live that long"))
    }

    fn duration(&self, span: Span) -> Duration {
        Duration::from_micros(span.0)
    }

    fn ask(&self, lsn: Lsn, op: DiskOp, _agenda: &mut Agenda) {
        if let Some(thread) = &*self.thread.borrow() {
            thread.jobs.send((lsn, op)).expect("the thread ends after the process");
        }
    }
}

/// Hands what the thread reports on to the owner, as long as both are there.
async fn hand_on(mut reports: mpsc::Receiver<Report>, inbox: Inbox) {
    while let Some(Report { file, lsn, result }) = reports.recv().await {
        let event = Event::DiskReports { file, lsn, result };
        if inbox.send(Stamped::now(event)).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
