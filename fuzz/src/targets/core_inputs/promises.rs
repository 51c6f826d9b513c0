//! What one server promises whatever it is told, as far as it shows.

use zab_core::event::{Note, Timer};
use zab_core::{DiskOp, Epoch, File, Input, Lsn, Output, Packet, View, Zxid};

/// The promises of one life of a server.
#[derive(Debug, Default)]
pub(super) struct Promises {
    lsn: Lsn,
    /// Records on their way to the disk, with the number of the operation.
    appended: Vec<(Lsn, Zxid)>,
    flushed: Lsn,
    /// `currentEpoch` on its way to the disk, and on it.
    epoch_asked: Vec<(Lsn, Epoch)>,
    epoch_durable: Epoch,
    accepted_epoch: Epoch,
    timers: [u32; 2],
    has_ended: bool,
}

impl Promises {
    /// An input is about to be taken.
    pub(super) fn before(&mut self, input: &Input) {
        match input {
            Input::Start(recovered) => self.epoch_durable = recovered.current_epoch,
            Input::DiskDone { file: File::Log, upto } => {
                self.flushed = *upto;
                self.appended.retain(|(lsn, _)| lsn > upto);
            }
            Input::DiskDone { file: File::CurrentEpoch, upto } => {
                let done = self.epoch_asked.iter().filter(|(lsn, _)| lsn <= upto).max();
                self.epoch_durable = done.map_or(self.epoch_durable, |(_, epoch)| *epoch);
            }
            Input::DiskFailed { file: File::CurrentEpoch, lsn, .. } => {
                self.epoch_asked.retain(|(asked, _)| asked < lsn);
            }
            _ => {}
        }
    }

    /// An input was taken, and this is what came of it.
    pub(super) fn after(&mut self, outputs: &[Output], view: &View) -> Result<(), String> {
        if self.has_ended && !outputs.is_empty() {
            return Err(format!("a process that has ended says {outputs:?}"));
        }
        for output in outputs {
            self.hear(output)?;
        }
        if view.accepted_epoch < self.accepted_epoch {
            return Err(format!("acceptedEpoch goes back to {}", view.accepted_epoch));
        }
        self.accepted_epoch = view.accepted_epoch;
        if !self.has_ended && view.current_epoch > view.accepted_epoch {
            return Err(format!("currentEpoch {} passes acceptedEpoch", view.current_epoch));
        }
        Ok(())
    }

    fn hear(&mut self, output: &Output) -> Result<(), String> {
        match output {
            Output::Exit(_) => self.has_ended = true,
            Output::Disk { lsn, .. } if *lsn <= self.lsn => {
                return Err(format!("disk operation {} follows {}", lsn.0, self.lsn.0));
            }
            Output::Disk { lsn, op } => {
                self.lsn = *lsn;
                match op {
                    DiskOp::Append(txn) => self.appended.push((*lsn, txn.zxid)),
                    DiskOp::CurrentEpoch(epoch) | DiskOp::Rename(File::CurrentEpoch, epoch) => {
                        self.epoch_asked.push((*lsn, *epoch))
                    }
                    _ => {}
                }
            }
            Output::SetTimer { timer, generation, .. } => {
                let last = &mut self.timers[usize::from(*timer == Timer::Tick)];
                if *generation <= *last {
                    return Err(format!("{timer:?} is set with generation {generation} again"));
                }
                *last = *generation;
            }
            Output::Send { packet: Packet::Ack(zxid), .. } => self.acknowledges(*zxid)?,
            Output::Note(Note::Established { epoch }) if self.epoch_durable != *epoch => {
                return Err(format!("established in {epoch} before currentEpoch is durable"));
            }
            _ => {}
        }
        Ok(())
    }

    /// An acknowledgement says: this, and all before it, is on my disk.
    fn acknowledges(&self, zxid: Zxid) -> Result<(), String> {
        let early = self.appended.iter().find(|(_, appended)| *appended <= zxid);
        if let Some((_, appended)) = early {
            return Err(format!("acknowledges {zxid} before {appended} is durable"));
        }
        if zxid.is_epoch_mark() && self.epoch_durable < zxid.epoch {
            return Err(format!("acknowledges NEWLEADER {} before currentEpoch is", zxid.epoch));
        }
        Ok(())
    }
}
