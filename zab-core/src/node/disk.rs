//! What the disk reports, and what a failure does: that depends on whose thread meets it.

use super::{Node, Role};
use crate::event::{DiskError, ExitReason, File};
use crate::ids::Lsn;
use crate::log_writer::AckTo;
use crate::server::{Flow, GO_ON, Leave, STEP_DOWN, Server};
use crate::variant::Shutdown;
use crate::view::Phase;

/// The process ends.
const EXIT: Flow = Flow::Break(Leave::Exit(ExitReason::DiskError));

impl Node {
    pub(super) fn on_disk_done(&mut self, file: File, upto: Lsn) -> Flow {
        self.server.durable.on_done(file, upto);
        if file == File::Log {
            self.on_log_flushed()?;
        }
        match &mut self.role {
            Role::Following(follower) => follower.on_progress(&mut self.server),
            Role::Leading(leader) => leader.on_progress(&mut self.server),
            Role::Stopping(_) => self.look_when_ready(),
            Role::Elected => self.begin_when_ready(),
            Role::Dead | Role::Looking(_) => GO_ON,
        }
    }

    /// The log writer's flush is done, or the one with which it is shut down.
    fn on_log_flushed(&mut self) -> Flow {
        let Server { writer, leaked_writer, durable, variant, out, .. } = &mut self.server;
        let has_ended = writer.has_ended();
        let batch = writer.take_flushed(durable, out);
        // Whom a thread of an earlier role acknowledges to is gone (`SendAckRequestProcessor`).
        let unheard = leaked_writer.take_flushed(durable, out);
        if !unheard.is_empty() && variant.shutdown == Shutdown::LeakUntilFlush {
            leaked_writer.end();
        }
        writer.go_on(out);
        leaked_writer.go_on(out);
        if !has_ended {
            self.acknowledge(batch);
            self.server.snapshot_if_due();
            return GO_ON;
        }
        // A follower has closed its connection by now (`Learner.shutdown`), a leader has not.
        if matches!(self.role, Role::Leading(_)) {
            self.acknowledge(batch);
        }
        self.leave_without_log_writer()
    }

    /// Acknowledges what a flush made durable. Whom the acknowledgement was meant for may have gone
    /// meanwhile.
    fn acknowledge(&mut self, batch: Vec<(crate::Zxid, AckTo)>) {
        for (zxid, to) in batch {
            match (&mut self.role, to) {
                (Role::Following(follower), AckTo::Leader(conn)) => {
                    follower.on_logged(&mut self.server, zxid, conn);
                }
                (Role::Leading(leader), AckTo::Myself) => {
                    let myself = self.server.id;
                    leader.on_ack(&mut self.server, myself, zxid);
                }
                _ => {}
            }
        }
    }

    pub(super) fn on_disk_failed(&mut self, file: File, lsn: Lsn, error: DiskError) -> Flow {
        self.server.durable.on_failed(file, lsn, error);
        match file {
            File::Log if self.server.writer.awaits(lsn) => self.on_log_writer_failed(error),
            File::Log if self.server.leaked_writer.awaits(lsn) => {
                self.on_leaked_writer_failed(error)
            }
            // `Learner.syncWithLeader`: "Not able to truncate the log".
            File::Log if self.server.durable.is_cut(lsn) => {
                Flow::Break(Leave::Exit(ExitReason::TruncFailed))
            }
            File::Log => self.on_own_flush_failed(error),
            // `ZooKeeperServer.takeSnapshot`: "Severe unrecoverable error, exiting".
            File::Snapshot => EXIT,
            File::AcceptedEpoch | File::CurrentEpoch => self.on_epoch_failed(file, lsn),
        }
    }

    /// An exception in SyncThread (`ZooKeeperServerListenerImpl.notifyStopping`): the main thread
    /// shuts the role down, the log writer included, and that flushes once more. A learner's does
    /// not where its log writer is never stopped.
    fn on_log_writer_failed(&mut self, error: DiskError) -> Flow {
        let Server { writer, leaked_writer, durable, variant, out, .. } = &mut self.server;
        if matches!(error, DiskError::Header | DiskError::Open) {
            // `append` threw: the batch is neither in the buffer nor in `toFlush`.
            writer.end();
            leaked_writer.go_on(out);
            self.leave_new_log(error)?;
            return self.leave_without_log_writer();
        }
        let is_shut_down = match self.role {
            Role::Leading(_) => variant.disk_error_keeps_memory || variant.trusts_failed_flush,
            Role::Following(_) => variant.disk_error_keeps_memory && !variant.shutdown.leaks(),
            Role::Dead | Role::Stopping(_) | Role::Looking(_) | Role::Elected => false,
        };
        if !is_shut_down || writer.has_ended() {
            writer.end();
            // Who waited for the file has it now.
            leaked_writer.go_on(out);
            return if variant.trusts_failed_flush {
                self.leave_without_log_writer()
            } else {
                EXIT
            };
        }
        let flush = match variant.trusts_failed_flush {
            true => durable.flush(out),
            false => durable.rewrite_log(out),
        };
        writer.end_and_await(flush);
        GO_ON
    }

    /// A log file was made, and its header could not be written. Up to 3.9.2 nobody can read the log any
    /// more, neither this process, whose main thread tries it again without end, nor the next one, until an
    /// operator removes the file: as good as ended. Then ZOOKEEPER-2332: whoever reads the log next, which
    /// is the end of the role, removes the file, to which a stream is open.
    fn leave_new_log(&mut self, error: DiskError) -> Flow {
        let Server { durable, variant, .. } = &mut self.server;
        if error != DiskError::Header {
            return GO_ON;
        }
        if !variant.removes_open_log {
            return EXIT;
        }
        durable.remove_open_log();
        GO_ON
    }

    /// An exception in a thread whose role is gone ends nothing but itself: what it tells is the
    /// `ZooKeeperServer` of that role (`ZooKeeperServerListenerImpl.notifyStopping`).
    fn on_leaked_writer_failed(&mut self, error: DiskError) -> Flow {
        if !self.server.variant.disk_error_keeps_memory {
            return EXIT;
        }
        self.leave_new_log(error)?;
        let Server { writer, leaked_writer, out, .. } = &mut self.server;
        leaked_writer.end();
        writer.go_on(out);
        match self.role {
            Role::Elected => self.begin_when_ready(),
            Role::Stopping(_) => self.look_when_ready(),
            _ => GO_ON,
        }
    }

    /// ZOOKEEPER-4882: the process lives on. The reference ends it, and with it the memory of what
    /// was never logged.
    fn leave_without_log_writer(&mut self) -> Flow {
        if !self.server.variant.disk_error_keeps_memory {
            return EXIT;
        }
        match &mut self.role {
            // Nobody looks at the state before UPTODATE, which sets it to RUNNING (`syncWithLeader`,
            // `startServing`): the server continues, and logs nothing.
            Role::Following(follower) if follower.progress() != Phase::Broadcast => {
                follower.on_progress(&mut self.server)
            }
            Role::Following(_) | Role::Leading(_) => STEP_DOWN,
            Role::Elected => self.begin_when_ready(),
            Role::Dead | Role::Stopping(_) | Role::Looking(_) => self.look_when_ready(),
        }
    }

    /// The main thread of a follower could not flush what a synchronization brought. A file that it could
    /// begin with no header is not read before the process ends, and takes what is never flushed: here the
    /// process ends.
    fn on_own_flush_failed(&mut self, error: DiskError) -> Flow {
        let Server { variant, .. } = &self.server;
        let lives_on = variant.disk_error_keeps_memory
            && variant.trusts_failed_flush
            && error != DiskError::Header;
        match &mut self.role {
            Role::Following(follower) if lives_on => {
                if error != DiskError::Open {
                    follower.on_own_flush_failed(&mut self.server)?;
                }
                STEP_DOWN
            }
            _ => EXIT,
        }
    }

    /// An epoch file could not be replaced, and holds what it held.
    fn on_epoch_failed(&mut self, file: File, lsn: Lsn) -> Flow {
        if self.server.durable.is_recovery(lsn) {
            return EXIT;
        }
        match &mut self.role {
            // `Follower.followLeader`: "Exception when following the leader".
            Role::Following(_) => STEP_DOWN,
            Role::Leading(leader) => leader.on_epoch_failed(&mut self.server, file, lsn),
            Role::Stopping(_) => self.look_when_ready(),
            Role::Dead | Role::Looking(_) | Role::Elected => GO_ON,
        }
    }
}
