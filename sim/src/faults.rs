//! The actions of a schedule take effect here, and all faults end here: once for both drivers.
//!
//! Faults with a duration are kept as the instant at which they end; at that instant a
//! [`Later::FaultEnds`] lets go on what they withheld.

use crate::backend::Backend;
use crate::due::Later;
use crate::lockers;
use crate::machine::{Death, SUPERVISOR_DELAY, Trouble};
use crate::schedule::{Act, Files, GRAIN_US, StallTarget};
use crate::sessions;
use zab_checker::Fact;
use zab_core::variant::Release;
use zab_core::{Key, NodeId, Span, Time};

/// An action of a schedule happens. Its numbers must be valid for this ensemble.
pub(crate) fn act(backend: &mut impl Backend, act: Act) {
    let now = backend.now();
    let until = now.after(Span(act.span_us()));
    match act {
        Act::Client { client, server, op, key } => {
            sessions::invoke(backend, (client, NodeId(server)), (op, Key(key)));
        }
        Act::PowerLoss { server, disk, down_us } => {
            end(backend, NodeId(server), Death::PowerLoss(disk), Span(down_us));
        }
        Act::Kill { server, down_us } => {
            end(backend, NodeId(server), Death::Killed, Span(down_us));
        }
        Act::Upgrade { server, to, down_us } => {
            upgrade(backend, NodeId(server), to, Span(down_us));
        }
        Act::BlankDisk { server, down_us } => {
            blank(backend, NodeId(server), Span(down_us));
        }
        Act::StepDown { server } => backend.step_down(NodeId(server)),
        Act::FlushError { server, file, .. } => {
            fail(backend, server, Trouble::Flushes, file, until)
        }
        Act::WriteError { server, file, .. } => fail(backend, server, Trouble::Writes, file, until),
        Act::DiskFull { server, file, .. } => fail(backend, server, Trouble::Full, file, until),
        Act::ReadOnly { server, file, .. } => fail(backend, server, Trouble::ReadOnly, file, until),
        Act::Cut { from, to, both_ways, for_us: _ } => {
            cut(backend, NodeId(from), NodeId(to), until);
            if both_ways {
                cut(backend, NodeId(to), NodeId(from), until);
            }
            begin(backend, from, "cut", until);
        }
        Act::Isolate { server, for_us } => isolate(backend, NodeId(server), grains(for_us)),
        Act::Clog { from, to, open_only, for_us: _ } => {
            clog(backend, (NodeId(from), NodeId(to)), open_only, until);
        }
        Act::Reset { a, b } => {
            backend.observe(Some(NodeId(a)), Fact::Fault("connection reset"));
            backend.reset(NodeId(a), NodeId(b));
        }
        Act::Swizzle { mask, for_us } => swizzle(backend, mask, for_us),
        Act::StallNode { server, for_us: _ } => {
            if backend.cluster()[NodeId(server)].stall_process(until) {
                begin(backend, server, "process stalled", until);
            }
        }
        Act::StallActor { server, actor, for_us: _ } => {
            if backend.cluster()[NodeId(server)].stall_actor(actor, until) {
                begin(backend, server, stalled(actor), until);
            }
        }
        Act::StallDisk { server, for_us: _ } => {
            backend.cluster()[NodeId(server)].stalls.stall_disk(until);
            begin(backend, server, "disk stalled", until);
        }
        Act::WriteBack { server } => write_back(backend, NodeId(server)),
        Act::Purge { server } => purge(backend, NodeId(server)),
        Act::Skew { server, per_mille, for_us: _ } => {
            backend.cluster()[NodeId(server)].clock.skew(now, per_mille, until);
            begin(backend, server, "clock skew", until);
        }
        Act::HealAll => {
            backend.observe(None, Fact::Fault("heal all"));
            end_all(backend);
        }
    }
}

/// A server dies, and its disk is created again; if there are too many such servers, nothing happens.
fn blank(backend: &mut impl Backend, server: NodeId, down: Span) {
    if backend.cluster().may_blank(server) {
        end(backend, server, Death::Blanked, down);
    }
}

/// What a server has written becomes durable, if there is anything.
fn write_back(backend: &mut impl Backend, server: NodeId) {
    if backend.cluster()[server].write_back() {
        backend.observe(Some(server), Fact::WrittenBack);
    }
}

/// Files of a server are removed that it does not need any more, if there are any. A process that runs finds
/// that out when it reads its folders.
fn purge(backend: &mut impl Backend, server: NodeId) {
    let now = backend.now();
    let purged = backend.cluster().purge(now, server);
    if let Some(purge) = purged {
        backend.observe(Some(server), Fact::Purged(purge));
        let is_up = backend.cluster()[server].is_up();
        if is_up {
            backend.purged(server, purge);
        }
    }
}

/// Every fault in force ends, and servers that are down start: the chaos is over.
pub(crate) fn heal(backend: &mut impl Backend) {
    backend.observe(None, Fact::Healed);
    end_all(backend);
}

/// Starts every server that is down.
pub(crate) fn start_all<B: Backend>(backend: &mut B) {
    let members = backend.cluster().members();
    members.for_each(|server| start(backend, server));
}

/// What a fault or a client has left for later falls due.
pub(crate) fn fall_due(backend: &mut impl Backend, later: Later) {
    match later {
        Later::Start { server, life } => {
            let is_next = backend.cluster()[server].life() == life;
            if is_next {
                start(backend, server);
            }
        }
        // Some fault is over: what it withheld proceeds, unless another one stands in the way.
        Later::FaultEnds => {
            let now = backend.now();
            backend.cluster().expire(now);
            backend.resume();
        }
        Later::Isolate { server, grains, heals } => {
            let is_in_force = backend.cluster().heals() == heals;
            if is_in_force {
                isolate(backend, server, grains);
            }
        }
        Later::Answer { client, cxid } => sessions::on_answer(backend, client, cxid),
        Later::TimeOut { client, cxid } => sessions::give_up(backend, client, cxid),
        Later::Queue { client } => lockers::on_turn(backend, client),
    }
}

/// When the process of a server that exited at this instant starts again.
pub(crate) fn restart(exited: Time, server: NodeId, life: u16) -> (Time, Later) {
    (exited.after(SUPERVISOR_DELAY), Later::Start { server, life })
}

/// Starts the process of a server, if it is down.
fn start(backend: &mut impl Backend, id: NodeId) {
    let is_down = backend.cluster()[id].start();
    if is_down {
        backend.launch(id);
        backend.resume();
    }
}

/// Ends the process of a server that is up; it starts again after `down`.
fn end(backend: &mut impl Backend, id: NodeId, death: Death, down: Span) {
    let is_up = backend.cluster()[id].is_up();
    if !is_up {
        return;
    }
    backend.let_arrive();
    let is_torn = backend.cluster()[id].end(death);
    if is_torn {
        backend.observe(Some(id), Fact::Fault("record torn"));
    }
    let power_loss = matches!(death, Death::PowerLoss(_));
    backend.observe(Some(id), Fact::Crashed { power_loss });
    if death == Death::Blanked {
        backend.observe(Some(id), Fact::Blanked);
    }
    backend.disconnect(id, power_loss);
    let (at, life) = (backend.now().after(down), backend.cluster()[id].life());
    backend.plan(at, Later::Start { server: id, life });
}

/// The next process of a server runs this release, and one that runs ends for it.
fn upgrade(backend: &mut impl Backend, id: NodeId, to: Release, down: Span) {
    let is_other = backend.cluster().install(id, to);
    if is_other {
        backend.observe(Some(id), Fact::Installed(to));
    }
    end(backend, id, Death::Killed, down);
}

fn end_all(backend: &mut impl Backend) {
    let now = backend.now();
    backend.cluster().heal(now);
    backend.resume();
    start_all(backend);
}

/// Notes that a fault is in force, and when that has to be looked at again.
fn begin(backend: &mut impl Backend, server: u8, name: &'static str, until: Time) {
    backend.observe(Some(NodeId(server)), Fact::Fault(name));
    backend.plan(until, Later::FaultEnds);
}

/// What a disk does with these files fails.
fn fail(backend: &mut impl Backend, server: u8, trouble: Trouble, files: Files, until: Time) {
    let now = backend.now();
    backend.cluster()[NodeId(server)].fail(trouble, files, now, until);
    begin(backend, server, trouble.name(), until);
}

fn cut(backend: &mut impl Backend, from: NodeId, to: NodeId, until: Time) {
    backend.let_arrive();
    backend.cluster().links.cut(from, to, until);
    backend.cut(from, to);
}

fn clog(backend: &mut impl Backend, (from, to): (NodeId, NodeId), open_only: bool, until: Time) {
    let now = backend.now();
    let name = if open_only {
        backend.cluster().links.hold_open(from, to, now, until);
        "connections clogged"
    } else {
        backend.cluster().links.clog(from, to, until);
        "clog"
    };
    begin(backend, from.0, name, until);
}

/// Cuts a server off from all others for this long.
fn isolate<B: Backend>(backend: &mut B, id: NodeId, grains: u16) {
    let until = backend.now().after(Span(u64::from(grains) * GRAIN_US));
    let members = backend.cluster().members();
    for other in members.filter(|other| *other != id) {
        cut(backend, id, other, until);
        cut(backend, other, id, until);
    }
    begin(backend, id.0, "isolated", until);
}

fn swizzle<B: Backend>(backend: &mut B, mask: u8, for_us: u64) {
    let now = backend.now();
    let (members, delays, heals) = {
        let cluster = backend.cluster();
        (cluster.members(), cluster.delays, cluster.heals())
    };
    let mut order: Vec<NodeId> = members.filter(|id| mask & 1 << id.0 != 0).collect();
    order.sort_by_key(|id| delays.swizzle(now, *id));
    for (turn, server) in order.into_iter().enumerate() {
        let at = now.after(Span(for_us * turn as u64));
        backend.plan(at, Later::Isolate { server, grains: grains(for_us), heals });
    }
}

fn grains(us: u64) -> u16 {
    u16::try_from(us / GRAIN_US).expect("durations of a valid schedule are bounded")
}

/// What a stall of an actor is called.
const fn stalled(actor: StallTarget) -> &'static str {
    match actor {
        StallTarget::Receiver => "receiver stalled",
        StallTarget::LogWriter => "log writer stalled",
        StallTarget::Committer => "committer stalled",
        StallTarget::Senders => "senders stalled",
    }
}
