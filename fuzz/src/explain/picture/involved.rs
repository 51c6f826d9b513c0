//! What the verdict is about: the rest can be dimmed.

use crate::explain::finding::{Finding, Why};
use crate::oracle::Recording;
use std::collections::BTreeSet;
use zab_checker::Fact;
use zab_core::event::Note;
use zab_core::{Epoch, Packet, RequestId, Txn, Zxid};

/// What a finding is about.
pub(super) struct Involved<'a> {
    recording: &'a Recording,
    finding: &'a Finding,
    subjects: BTreeSet<Txn>,
    zxids: BTreeSet<Zxid>,
    requests: BTreeSet<RequestId>,
    /// The epochs that began without a subject, or with it again.
    epochs: BTreeSet<Epoch>,
    /// The events, counted from 1, that the verdict rests on.
    events: BTreeSet<usize>,
}

impl<'a> Involved<'a> {
    pub(super) fn new(recording: &'a Recording, finding: &'a Finding) -> Self {
        let begun = |instant: &crate::explain::finding::Instant| match instant.why {
            Why::Lost(begun) | Why::Back(begun) => Some(begun.epoch),
            Why::Known(_) | Why::Seen | Why::End => None,
        };
        let told = finding.told.iter().map(|told| told.request);
        let asked = finding.session.iter().map(|asked| asked.request);
        let shown = finding.loss().and_then(|loss| loss.shown).map(|shown| shown.request);
        let own = finding.subjects.iter().map(|txn| txn.request);
        Self {
            recording,
            finding,
            subjects: finding.subjects.iter().copied().collect(),
            zxids: finding.subjects.iter().map(|txn| txn.zxid).collect(),
            requests: told.chain(asked).chain(shown).chain(own).collect(),
            epochs: finding.instants.iter().filter_map(begun).collect(),
            events: finding.events(),
        }
    }

    /// Whether there is anything to set apart.
    pub(super) fn is_selective(&self) -> bool {
        !self.subjects.is_empty() || !self.finding.session.is_empty()
    }

    pub(super) fn request(&self, request: RequestId) -> bool {
        self.requests.contains(&request)
    }

    /// Whether the event of this number, counted from 0, is about it.
    pub(super) fn event(&self, index: usize) -> bool {
        if self.events.contains(&(index + 1)) || !self.is_selective() {
            return true;
        }
        match &self.recording.events[index].fact {
            Fact::Sent { packet, .. } => self.packet(packet),
            Fact::Invoked { request, .. }
            | Fact::Returned { request, .. }
            | Fact::TimedOut { request } => self.request(*request),
            Fact::Noted(Note::Proposed(txn)) | Fact::Delivered(txn) => self.subjects.contains(txn),
            Fact::Noted(Note::Committed(zxid)) => self.zxids.contains(zxid),
            Fact::Noted(Note::InitialHistory { epoch } | Note::Established { epoch }) => {
                self.epochs.contains(epoch)
            }
            Fact::Crashed { .. } | Fact::Started(_) | Fact::Exited(_) | Fact::Fault(_) => true,
            _ => false,
        }
    }

    fn packet(&self, packet: &Packet) -> bool {
        match packet {
            Packet::Proposal(txn) => self.subjects.contains(txn),
            Packet::Ack(zxid) if zxid.is_epoch_mark() => self.epochs.contains(&zxid.epoch),
            Packet::Ack(zxid) | Packet::Commit(zxid) => self.zxids.contains(zxid),
            Packet::NewLeader { epoch } | Packet::LeaderInfo { epoch } => {
                self.epochs.contains(epoch)
            }
            Packet::Diff { zxid } | Packet::Trunc { zxid } => self.zxids.contains(zxid),
            Packet::Request { request, .. } | Packet::Sync { request } => self.request(*request),
            Packet::Snap { .. }
            | Packet::FollowerInfo { .. }
            | Packet::AckEpoch { .. }
            | Packet::UpToDate
            | Packet::Touched(_)
            | Packet::Revalidate { .. }
            | Packet::Revalidated { .. }
            | Packet::Ping => false,
        }
    }

    /// Whether a sentence says something of it.
    pub(super) fn sentence(&self, text: &str) -> bool {
        !self.is_selective() || self.zxids.iter().any(|zxid| text.contains(&zxid.to_string()))
    }
}
