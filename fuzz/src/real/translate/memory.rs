//! What servers have applied: a commit that the model's server had got and not applied when its role
//! ended, or when it brought a follower up to date, must not be in the real one's memory either, and what
//! was applied by then has to be.

use super::{Teller, Thread, text};
use crate::oracle::Recording;
use std::collections::BTreeSet;
use zab_checker::Fact;
use zab_core::event::Note;
use zab_core::{DiskOp, NodeId, Packet, Zxid};

/// What is known of each server's memory.
#[derive(Debug)]
pub(super) struct Memories(Vec<Memory>);

#[derive(Clone, Debug, Default)]
struct Memory {
    /// The last transaction in it.
    last: Zxid,
    /// Its thread that applies has work: commits that it knows of.
    queued: BTreeSet<Zxid>,
    /// The last transaction that it has applied as a part of its role.
    applied: Option<Zxid>,
}

impl Memory {
    /// The line that waits for what it has applied, once.
    fn applied_line(&mut self, server: NodeId) -> Option<String> {
        let zxid = self.applied.take()?;
        Some(format!("wait {server} applied {}", text::zxid(zxid)))
    }
}

impl Memories {
    /// As the boot leaves them.
    pub(super) fn new(recording: &Recording) -> Self {
        let mut all = Self(vec![Memory::default(); recording.schedule.servers.into()]);
        for event in &recording.events[..recording.boot] {
            if let (Some(server), Fact::Delivered(txn)) = (event.node, &event.fact) {
                all.of(server).last = txn.zxid;
            }
        }
        all
    }

    fn of(&mut self, server: NodeId) -> &mut Memory {
        &mut self.0[server.index()]
    }

    /// The memory was loaded or replaced.
    pub(super) fn on_replaced(&mut self, server: NodeId, last: Zxid) {
        let memory = self.of(server);
        memory.last = last;
        memory.queued.retain(|zxid| *zxid > last);
    }

    /// The role is over, and what it had to apply with it.
    pub(super) fn on_left(&mut self, server: NodeId) {
        let memory = self.of(server);
        memory.queued.clear();
        memory.applied = None;
    }

    fn on_commit(&mut self, server: NodeId, zxid: Zxid) {
        let memory = self.of(server);
        if zxid > memory.last {
            memory.queued.insert(zxid);
        }
    }
}

impl Teller<'_> {
    /// A packet is about to arrive that lets its receiver apply something, or look at what it applied.
    pub(super) fn before_packet(&mut self, to: NodeId, packet: &Packet) {
        let may_apply = match packet {
            Packet::Commit(zxid) => {
                self.memories.on_commit(to, *zxid);
                self.roles.serves(to)
            }
            // What was committed before is applied from now on.
            Packet::UpToDate => true,
            // The leader looks at its memory, to see what the follower lacks.
            Packet::AckEpoch { .. } if self.roles.leads(to) => {
                self.await_applied(to);
                false
            }
            _ => false,
        };
        if may_apply {
            let lines = self.stop_applying(to);
            lines.into_iter().for_each(|line| self.text.line(line));
        }
    }

    /// A leader commits what the packet before this brought about.
    pub(super) fn on_committed(&mut self, server: NodeId, zxid: Zxid) {
        self.memories.on_commit(server, zxid);
        let lines = self.stop_applying(server);
        self.disks.before_mark(server, lines, &mut self.text);
    }

    /// A transaction is in the memory of a server.
    pub(super) fn on_delivered(&mut self, server: NodeId, zxid: Zxid) {
        let serves = self.roles.serves(server);
        let memory = self.memories.of(server);
        memory.last = zxid;
        memory.queued.remove(&zxid);
        if !serves {
            return;
        }
        memory.applied = Some(zxid);
        let stalled = self.stalled.contains(&(server, Thread::Commit));
        if !stalled && memory.queued.is_empty() && self.held.contains(&(server, Thread::Commit)) {
            self.release(server, Thread::Commit);
            self.await_applied(server);
        }
    }

    /// What a server has applied in the model, it has to have applied.
    pub(super) fn await_applied(&mut self, server: NodeId) {
        let line = self.memories.of(server).applied_line(server);
        line.into_iter().for_each(|line| self.text.line(line));
    }

    /// The lines that keep a server from applying what it has got, if that matters.
    fn stop_applying(&mut self, server: NodeId) -> Vec<String> {
        let memory = self.memories.of(server);
        let Some(first) = memory.queued.first() else { return Vec::new() };
        if !is_missed(self.recording, self.at, server, *first)
            || !self.held.insert((server, Thread::Commit))
        {
            return Vec::new();
        }
        let applied = memory.applied_line(server);
        let name = Thread::Commit.name(server);
        let stop =
            [format!("hold {server} thread {name}"), format!("wait {server} held thread {name}")];
        applied.into_iter().chain(stop).collect()
    }
}

/// Whether something looks at the memory of a server before this is applied: who ends its role votes with
/// it, who brings a follower up to date or takes a snapshot reads it.
fn is_missed(recording: &Recording, at: usize, server: NodeId, zxid: Zxid) -> bool {
    let later = recording.events.iter().skip(at).filter(|event| event.node == Some(server));
    let looks = later.filter_map(|event| match &event.fact {
        Fact::Delivered(txn) => (txn.zxid >= zxid).then_some(false),
        Fact::Noted(Note::SteppedDown | Note::SyncWith { .. }) => Some(true),
        Fact::DiskAsked { op: DiskOp::Snapshot(_) | DiskOp::WriteSnapshot(_), .. } => Some(true),
        Fact::Noted(Note::MemoryReplaced { .. }) | Fact::Crashed { .. } | Fact::Exited(_) => {
            Some(false)
        }
        _ => None,
    });
    looks.into_iter().next().unwrap_or(false)
}
