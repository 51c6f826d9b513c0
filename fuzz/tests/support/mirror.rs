//! Whether the checker knows what is on a disk: what a process finds there is what the evidence says.
//! The disk of the simulator and its mirror in the checker are each other's test.

use std::ops::ControlFlow;
use zab_checker::custody::OnDisk;
use zab_checker::{Checker, Event, Fact};
use zab_core::variant::Releases;
use zab_core::{DiskOp, NodeId, Recovered, Txn, Zxid};
use zab_fuzz::oracle::standard;
use zab_sim::schedule::{Act, CrashMode};
use zab_sim::{Booted, Observer, Schedule};

/// Runs a schedule whose power losses take all they can, and compares.
pub(crate) fn disks_hold_what_the_evidence_says(
    booted: &Booted,
    schedule: &Schedule,
    releases: Releases,
) -> Result<u64, String> {
    let mut schedule = schedule.clone();
    for action in &mut schedule.actions {
        if let Act::PowerLoss { disk, .. } = &mut action.act
            && !matches!(disk, CrashMode::EmptyLog | CrashMode::ZeroedLog)
        {
            *disk = CrashMode::LoseAll;
        }
    }
    let mut mirror = Mirror {
        checker: Checker::new(schedule.servers, standard(releases)),
        logged: Vec::new(),
        has_lost_power: vec![false; usize::from(schedule.servers)],
        compared: 0,
        wrong: None,
    };
    booted.run(&schedule, &mut mirror);
    mirror.wrong.map_or(Ok(mirror.compared), Err)
}

struct Mirror {
    checker: Checker,
    /// Whatever was appended to some log.
    logged: Vec<Txn>,
    /// How the last process of each server ended.
    has_lost_power: Vec<bool>,
    compared: u64,
    wrong: Option<String>,
}

impl Observer for Mirror {
    fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        if let Some(node) = event.node {
            self.at(node, &event.fact);
        }
        self.checker.observe(event);
        if self.wrong.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Mirror {
    fn at(&mut self, node: NodeId, fact: &Fact) {
        match fact {
            Fact::DiskAsked { op: DiskOp::Append(txn), .. } if !self.logged.contains(txn) => {
                self.logged.push(*txn);
            }
            Fact::Crashed { power_loss } => self.has_lost_power[node.index()] = *power_loss,
            Fact::Exited(_) => self.has_lost_power[node.index()] = false,
            Fact::Started(found) => {
                let differs = self.differs(node, found);
                self.wrong = differs.map(|how| format!("{node} finds {found:?}, and {how}"));
                self.compared += 1;
            }
            _ => {}
        }
    }

    /// How this differs from what is to be found, if it does.
    fn differs(&self, node: NodeId, found: &Recovered) -> Option<String> {
        let newest = found.snapshot().last_processed;
        let server = &self.checker.servers()[node.index()];
        // A cut that is not durable has let a file of the same name begin: the power loss undoes both.
        let is_there = |name: &Zxid| match self.has_lost_power[node.index()] {
            true => server.logged().contains(name),
            false => found.log.iter().any(|txn| txn.zxid == *name),
        };
        if let Some(name) = found.headless.iter().map(|file| file.name).find(is_there) {
            return Some(format!("a file without a header is where {name} is"));
        }
        for txn in self.logged.iter().filter(|txn| txn.zxid > newest) {
            let has_lost_power = self.has_lost_power[node.index()];
            let is_found = found.log.contains(txn);
            let (is_right, is) = match self.checker.custody(txn)[node.index()].disk {
                OnDisk::No => (!is_found, "is not"),
                OnDisk::Unflushed => (is_found && !has_lost_power, "is until the power goes"),
                // It may have been cut, and not for good.
                OnDisk::Durable => (is_found || !has_lost_power, "is for good"),
            };
            if !is_right {
                return Some(format!("{} {is} in its log", txn.zxid));
            }
        }
        if !self.has_lost_power[node.index()] {
            return None;
        }
        let log: Vec<Zxid> = found.log.iter().map(|txn| txn.zxid).collect();
        let last = log.last().copied().unwrap_or_default().max(newest);
        let expected = (server.accepted_epoch, server.current_epoch, server.last_logged);
        (expected != (found.accepted_epoch, found.current_epoch, last) || log != server.logged())
            .then(|| format!("{expected:?}, {:?} is durable", server.logged()))
    }
}
