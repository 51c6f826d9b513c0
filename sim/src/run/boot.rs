//! The boot phase: from empty disks to an ensemble with a leader and some history.

use super::Observer;
use super::execution::{End, Execution};
use super::phases::{BOOT_CLIENT, clients};
use crate::direct::Direct;
use crate::driver::Driver;
use crate::schedule::{ClientOp, GRAIN_US};
use crate::world::World;
use std::ops::ControlFlow;
use zab_checker::Event;
use zab_core::variant::Releases;
use zab_core::{Config, Key, NodeId, Outcome, Span, Time, Zxid};

/// Every boot has the same seed, so that schedules of all seeds share it.
const SEED: u64 = 0;

/// How many writes are committed.
const WRITES: u8 = 3;

/// Without faults a boot takes some 100 ms.
const BOUND: Span = Span::from_millis(5000);

/// Keeps the evidence.
pub(crate) struct Recorder(pub(crate) Vec<Event>);

impl Observer for Recorder {
    fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        self.0.push(event.clone());
        ControlFlow::Continue(())
    }
}

/// Boots an ensemble. Without faults every variant can, so a failure is a defect of this program.
pub(super) fn boot(config: Config, releases: Releases) -> (Direct, Vec<Event>) {
    let servers = config.servers;
    assert!(matches!(servers, 3 | 5 | 7), "an ensemble has 3, 5 or 7 servers, not {servers}");
    let world = World::new(config, releases, SEED, clients(servers));
    let mut recorder = Recorder(Vec::new());
    let mut execution = Execution::new(Direct::new(world), &mut recorder, u64::MAX);
    bring_up(&mut execution);
    (execution.driver, recorder.0)
}

/// Boots the ensemble of a driver.
pub(crate) fn bring_up<D: Driver, O: Observer>(execution: &mut Execution<'_, D, O>) {
    assert!(write_some(execution).is_continue(), "nobody ends a boot");
    let driver = &execution.driver;
    for server in driver.config().members() {
        let last = driver.replica(server).map(|replica| replica.last_processed);
        assert_eq!(last, Some(Zxid::new(1, WRITES.into())), "{server} has booted");
    }
}

fn write_some<D: Driver, O: Observer>(execution: &mut Execution<'_, D, O>) -> ControlFlow<End> {
    let servers = execution.driver.config().servers;
    execution.change(|driver, fx| driver.start_all(fx))?;
    let limit = execution.now().after(BOUND);
    let leader = NodeId(servers - 1);
    let all_serve = |driver: &D| driver.config().members().all(|id| driver.is_serving(id));
    execution.advance(limit, all_serve)?;
    for key in 0..WRITES {
        execution.invoke(BOOT_CLIENT, leader, ClientOp::Write, Key(key))?;
        execution.advance(limit, |driver| driver.client(BOOT_CLIENT).is_idle())?;
        let answer = execution.driver.client(BOOT_CLIENT).last();
        assert!(matches!(answer, Some(Outcome::Written { .. })), "k{key}: answer {answer:?}");
    }
    execution.wait_until_quiet(BOUND)?;
    let aligned = execution.now().0.next_multiple_of(GRAIN_US);
    execution.advance(Time(aligned), |_| false)
}
