//! A few servers on a perfect network with disks that a script can hold back.
//!
//! Everything that can happen waits in one queue and happens in the order in which it became
//! possible, except what is held. Time passes only when a script says so.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;
use zab_core::event::Timer;
use zab_core::{
    Actor, Config, ConnId, DiskError, DiskOp, File, Input, Lsn, Node, NodeId, Notification, Op,
    Output, Packet, Phase, Recovered, RequestId, SessionId, Span, Time, Variant, Zxid,
};

/// More than any script takes to come to rest.
const EVENTS_MAX: usize = 10_000;

/// What waits to happen.
#[derive(Clone, Debug)]
enum Pending {
    Input(NodeId, Input),
    Turn(NodeId, Actor),
    DiskDone(NodeId, File, Lsn),
    Packet(NodeId, NodeId, ConnId, Packet),
    Notification(NodeId, NodeId, Notification),
}

/// Every operation that a server asked of its disk, and how much of each file is done.
#[derive(Default)]
struct Disk {
    start: Recovered,
    ops: Vec<(Lsn, DiskOp)>,
    done: [Lsn; 4],
}

pub(crate) struct Ensemble {
    config: Config,
    variant: Variant,
    now: Time,
    nodes: Vec<Option<Node>>,
    disks: Vec<Disk>,
    pending: VecDeque<Pending>,
    timers: BTreeMap<(NodeId, Timer), (Time, u32)>,
    connections: BTreeMap<ConnId, (NodeId, NodeId)>,
    cut: BTreeSet<NodeId>,
    held: BTreeSet<(NodeId, String)>,
    next_conn: u32,
    next_cxid: u32,
    trace: String,
}

impl Ensemble {
    pub(crate) fn new(servers: u8, variant: Variant) -> Self {
        Self {
            config: Config::new(servers),
            variant,
            now: Time(0),
            nodes: (0..servers).map(|_| None).collect(),
            disks: (0..servers).map(|_| Disk::default()).collect(),
            pending: VecDeque::new(),
            timers: BTreeMap::new(),
            connections: BTreeMap::new(),
            cut: BTreeSet::new(),
            held: BTreeSet::new(),
            next_conn: 0,
            next_cxid: 0,
            trace: String::new(),
        }
    }

    /// What has happened since this was last asked.
    pub(crate) fn take_trace(&mut self) -> String {
        std::mem::take(&mut self.trace)
    }

    fn say(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.trace, "{line}").expect("writing to a string cannot fail");
    }

    pub(crate) fn members(&self) -> Vec<NodeId> {
        self.config.members().collect()
    }

    /// Starts a server process with what its disk holds.
    pub(crate) fn start(&mut self, id: NodeId) {
        let recovered = self.disks[id.index()].start.clone();
        self.say(format_args!("{id} starts"));
        self.nodes[id.index()] = Some(Node::new(id, self.config, self.variant));
        self.step(id, Input::Start(Box::new(recovered)));
    }

    /// Ends a server process. With `power_loss` its disk keeps only what was reported as done.
    pub(crate) fn stop(&mut self, id: NodeId, power_loss: bool) {
        self.nodes[id.index()] = None;
        self.timers.retain(|(node, _), _| *node != id);
        self.pending.retain(|pending| match pending {
            Pending::Input(node, _) | Pending::Turn(node, _) | Pending::DiskDone(node, ..) => {
                *node != id
            }
            Pending::Packet(..) | Pending::Notification(..) => true,
        });
        let disk = std::mem::take(&mut self.disks[id.index()]);
        self.disks[id.index()].start = disk.recover(power_loss);
        self.break_connections(id);
    }

    /// Whether packets of this server get through.
    pub(crate) fn set_cut(&mut self, id: NodeId, cut: bool) {
        if cut {
            self.cut.insert(id);
            self.break_connections(id);
        } else {
            self.cut.remove(&id);
        }
    }

    pub(crate) fn set_held(&mut self, id: NodeId, what: &str, held: bool) {
        if held {
            self.held.insert((id, what.to_owned()));
        } else {
            self.held.remove(&(id, what.to_owned()));
        }
    }

    fn break_connections(&mut self, id: NodeId) {
        let broken: Vec<_> = self
            .connections
            .iter()
            .filter(|(_, (a, b))| *a == id || *b == id)
            .map(|(conn, ends)| (*conn, *ends))
            .collect();
        for (conn, (a, b)) in broken {
            self.connections.remove(&conn);
            for (node, peer) in [(a, b), (b, a)] {
                self.pending.push_back(Pending::Input(node, Input::ConnectionDown { peer, conn }));
            }
        }
    }

    /// A client of this server asks, that has seen this zxid.
    pub(crate) fn ask(&mut self, id: NodeId, last_seen: Zxid, op: Op) {
        self.next_cxid += 1;
        let request = RequestId { session: SessionId(0), cxid: self.next_cxid };
        self.say(format_args!("client > {id} {op}"));
        self.step(id, Input::Client { request, last_seen, op });
    }

    pub(crate) fn step_down(&mut self, id: NodeId) {
        self.step(id, Input::StepDown);
    }

    /// The flush of a file fails: the log can be read, any other file is as it was.
    pub(crate) fn fail_disk(&mut self, id: NodeId, name: &str) {
        let is_it = |pending: &Pending| match pending {
            Pending::DiskDone(node, file, _) => *node == id && file_name(*file) == name,
            _ => false,
        };
        let at = self.pending.iter().position(is_it).expect("something is being written there");
        let Some(Pending::DiskDone(_, file, lsn)) = self.pending.remove(at) else { return };
        if file != File::Log {
            self.disks[id.index()].ops.retain(|(asked, _)| *asked != lsn);
        }
        self.say(format_args!("{id} disk: {file:?} fails"));
        self.step(id, Input::DiskFailed { file, lsn, error: DiskError::Flush });
    }

    /// Lets everything happen that is possible now and not held.
    pub(crate) fn settle(&mut self) {
        let mut events = 0;
        while let Some(at) = self.pending.iter().position(|p| !self.is_held(p)) {
            events += 1;
            assert!(events < EVENTS_MAX, "the servers never come to rest: {}", self.trace);
            let pending = self.pending.remove(at).expect("the position was just found");
            self.carry_out(pending);
        }
    }

    /// Lets time pass, timer by timer.
    pub(crate) fn pass(&mut self, span: Span) {
        let end = self.now.after(span);
        self.settle();
        while let Some((at, id, timer, generation)) = self.next_timer()
            && at <= end
        {
            self.now = at;
            self.timers.remove(&(id, timer));
            self.step(id, Input::Timer { timer, generation });
            self.settle();
        }
        self.now = end;
    }

    fn next_timer(&self) -> Option<(Time, NodeId, Timer, u32)> {
        let timers = self.timers.iter().map(|((id, timer), (at, g))| (*at, *id, *timer, *g));
        timers.min()
    }

    fn is_held(&self, pending: &Pending) -> bool {
        let held = |id: NodeId, what: &str| self.held.contains(&(id, what.to_owned()));
        match pending {
            Pending::Turn(id, Actor::LogWriter | Actor::LeakedLogWriter) => held(*id, "log-writer"),
            Pending::Turn(id, Actor::Committer) => held(*id, "committer"),
            Pending::Turn(id, Actor::Receiver | Actor::Loader) => held(*id, "receiver"),
            Pending::Turn(id, Actor::Sender(to)) => {
                held(*id, "senders") || held(*id, &format!("sender-{to}"))
            }
            Pending::DiskDone(id, file, _) => held(*id, file_name(*file)),
            Pending::Packet(_, to, ..) => held(*to, "packets"),
            Pending::Input(..) | Pending::Notification(..) => false,
        }
    }

    fn carry_out(&mut self, pending: Pending) {
        match pending {
            Pending::Input(id, input) => {
                if let Input::ConnectionDown { peer, conn } = &input {
                    self.say(format_args!("{id} - connection to {peer} down"));
                    self.connections.remove(conn);
                }
                self.step(id, input);
            }
            Pending::Turn(id, actor) => self.step(id, Input::Turn(actor)),
            Pending::DiskDone(id, file, upto) => {
                self.disks[id.index()].done[file as usize] = upto;
                self.say(format_args!("{id} disk: {file:?} done"));
                self.step(id, Input::DiskDone { file, upto });
            }
            Pending::Packet(from, to, conn, packet) => {
                if self.connections.contains_key(&conn) {
                    if packet != Packet::Ping {
                        self.say(format_args!("{from} > {to} {packet}"));
                    }
                    self.step(to, Input::Packet { from, conn, packet });
                }
            }
            Pending::Notification(from, to, notification) => {
                self.step(to, Input::Notification { from, notification });
            }
        }
    }

    fn step(&mut self, id: NodeId, input: Input) {
        let mut outputs = Vec::new();
        if let Some(node) = &mut self.nodes[id.index()] {
            node.step(self.now, input, &mut outputs);
        }
        for output in outputs {
            self.on_output(id, output);
        }
    }

    fn on_output(&mut self, id: NodeId, output: Output) {
        match output {
            Output::Connect(peer) => self.connect(id, peer),
            Output::Close(conn) => {
                if let Some((a, b)) = self.connections.get(&conn).copied() {
                    let other = if a == id { b } else { a };
                    let input = Input::ConnectionDown { peer: id, conn };
                    self.pending.push_back(Pending::Input(other, input));
                }
            }
            Output::Refuse(conn) => {
                if let Some((learner, _)) = self.connections.remove(&conn) {
                    let input = Input::Refused { peer: id, conn };
                    self.pending.push_back(Pending::Input(learner, input));
                }
            }
            Output::Send { conn, packet } => {
                if let Some((a, b)) = self.connections.get(&conn).copied() {
                    let to = if a == id { b } else { a };
                    self.pending.push_back(Pending::Packet(id, to, conn, packet));
                }
            }
            Output::Notify { to, notification } => {
                if !self.cut.contains(&id) && !self.cut.contains(&to) {
                    self.pending.push_back(Pending::Notification(id, to, notification));
                }
            }
            Output::Disk { lsn, op } => {
                self.say(format_args!("{id} disk: {op}"));
                if op.is_reported() {
                    self.pending.push_back(Pending::DiskDone(id, op.file(), lsn));
                }
                self.disks[id.index()].ops.push((lsn, op));
            }
            Output::SetTimer { timer, generation, after } => {
                self.timers.insert((id, timer), (self.now.after(after), generation));
            }
            Output::Reply { request, outcome } => {
                self.say(format_args!("{id} > client {request} {outcome}"));
            }
            Output::DropClients => self.say(format_args!("{id} drops its clients")),
            Output::Ready(actor) => self.pending.push_back(Pending::Turn(id, actor)),
            Output::Delivered(txn) => self.say(format_args!("{id} delivers {txn}")),
            Output::Note(note) => self.say(format_args!("{id} {note}")),
            Output::Exit(reason) => {
                self.say(format_args!("{id} exits: {reason}"));
                self.stop(id, false);
            }
        }
    }

    fn connect(&mut self, from: NodeId, to: NodeId) {
        let works = self.nodes[to.index()].is_some()
            && !self.cut.contains(&from)
            && !self.cut.contains(&to);
        if !works {
            let input = Input::ConnectFailed { peer: to };
            self.pending.push_back(Pending::Input(from, input));
            return;
        }
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        self.connections.insert(conn, (from, to));
        for (node, peer, outgoing) in [(to, from, false), (from, to, true)] {
            let input = Input::ConnectionUp { peer, conn, outgoing };
            self.pending.push_back(Pending::Input(node, input));
        }
    }

    /// The state of all servers as a table.
    pub(crate) fn table(&self) -> String {
        let mut table = String::from("     phase            epochs  log     memory\n");
        for (index, node) in self.nodes.iter().enumerate() {
            let id = NodeId(index as u8);
            let line = match node {
                None => format!("{id}   down"),
                Some(node) => {
                    let view = node.view();
                    let phase = match (view.phase, view.leader) {
                        (Phase::Election, _) => "Election".to_owned(),
                        (phase, Some(leader)) if leader == id => format!("{phase:?}*"),
                        (phase, _) => format!("{phase:?}"),
                    };
                    format!(
                        "{id}   {phase:<16} {}/{}     {}  {}",
                        view.accepted_epoch,
                        view.current_epoch,
                        view.last_logged,
                        view.last_processed
                    )
                }
            };
            writeln!(table, "{}", line.trim_end()).expect("writing to a string cannot fail");
        }
        table
    }
}

const fn file_name(file: File) -> &'static str {
    match file {
        File::Log => "log-disk",
        File::Snapshot => "snapshot-disk",
        File::AcceptedEpoch => "accepted-epoch-disk",
        File::CurrentEpoch => "current-epoch-disk",
    }
}

impl Disk {
    /// What a restart finds.
    fn recover(self, power_loss: bool) -> Recovered {
        let Self { mut start, ops, done } = self;
        for (lsn, op) in ops {
            if power_loss && lsn > done[op.file() as usize] {
                continue;
            }
            match op {
                DiskOp::Append(txn) => start.log.push(txn),
                DiskOp::Truncate(zxid) => start.log.retain(|txn| txn.zxid <= zxid),
                DiskOp::RollLog | DiskOp::Flush | DiskOp::FlushFile | DiskOp::FlushRecovered(_) => {
                }
                DiskOp::Snapshot(replica)
                | DiskOp::SnapshotFile(replica)
                | DiskOp::WriteSnapshot(replica) => {
                    start.snapshots.push(*replica);
                }
                DiskOp::EmptySnapshot(zxid) => {
                    start.snapshots.retain(|s| s.last_processed != zxid);
                }
                DiskOp::DropSnapshotsAfter(zxid) => {
                    start.snapshots.retain(|s| s.last_processed <= zxid);
                }
                DiskOp::PurgeSnapshots(_) | DiskOp::PurgeLog(_) => {
                    unreachable!("operators purge, and there is none here")
                }
                DiskOp::CurrentEpoch(epoch) | DiskOp::Rename(File::CurrentEpoch, epoch) => {
                    start.current_epoch = epoch;
                }
                DiskOp::AcceptedEpoch(epoch) | DiskOp::Rename(_, epoch) => {
                    start.accepted_epoch = epoch;
                }
            }
        }
        start.snapshots.sort_by_key(|s| s.last_processed);
        start
    }
}
