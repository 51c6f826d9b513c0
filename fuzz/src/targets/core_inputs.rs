//! One server and anything that can reach it, legal or not: no panic, no broken local promise.
//!
//! The bytes decide what comes next. Half of the time it is something the server waits for (its
//! disk, a timer, an actor's turn, a connection it asked for), so that it gets anywhere at all; else
//! it is any packet, notification or request, most often with numbers near its own, and what a
//! confused driver might say. Only the
//! identity of a peer is never a lie: the shell checks it before the core hears of it.
//!
//! Judged is what one server promises by itself (`Promises`). What an ensemble promises is the
//! checker's business.

mod promises;
mod words;

use arbitrary::{Result, Unstructured};
use promises::Promises;
use words::{Words, epoch, op, recovered, request, zxid};
use zab_core::event::{Actor, Timer};
use zab_core::{Config, ConnId, DiskError, File, Input, Lsn, Node, NodeId, Output, Time, Variant};

/// The server that is tried.
const MYSELF: NodeId = NodeId(0);

/// Most inputs of one life.
const INPUTS_MAX: usize = 400;

/// What the server has asked for and not been given.
#[derive(Debug, Default)]
struct Wishes {
    connects: Vec<NodeId>,
    disk: Vec<(File, Lsn)>,
    timers: Vec<(Timer, u32)>,
    turns: Vec<Actor>,
    /// The connection that it got last.
    last: Option<(NodeId, ConnId)>,
}

/// A life of a server.
///
/// # Errors
///
/// The promise it broke, and the inputs that led there.
pub fn run(bytes: &[u8], variant: Variant) -> std::result::Result<(), String> {
    let mut u = Unstructured::new(bytes);
    let mut node = Node::new(MYSELF, Config::new(3), variant);
    let mut wishes = Wishes::default();
    let mut promises = Promises::default();
    let mut now = 0;
    let mut inputs = Vec::new();
    let mut next = recovered(&mut u).map(|recovered| Input::Start(Box::new(recovered)));
    // Bytes that run out end the life.
    while let Ok(input) = next {
        inputs.push(format!("{now} us: {input:?}"));
        promises.before(&input);
        let mut twin = node.clone();
        let (mut outputs, mut repeated) = (Vec::new(), Vec::new());
        node.step(Time(now), input.clone(), &mut outputs);
        twin.step(Time(now), input, &mut repeated);
        if twin != node || repeated != outputs {
            return Err(format!("the same input, another step: {}", inputs.join("\n")));
        }
        let told = promises.after(&outputs, &node.view());
        told.map_err(|what| format!("{what}, after\n{}", inputs.join("\n")))?;
        outputs.iter().for_each(|output| wishes.hear(output));
        now += u.int_in_range(0..=20_000).unwrap_or(0);
        next = if u.is_empty() || inputs.len() >= INPUTS_MAX {
            Err(arbitrary::Error::NotEnoughData)
        } else {
            next_input(&mut u, &mut wishes, &node)
        };
    }
    Ok(())
}

impl Wishes {
    fn hear(&mut self, output: &Output) {
        match output {
            Output::Connect(peer) => self.connects.push(*peer),
            Output::Disk { lsn, op } if op.is_reported() => self.disk.push((op.file(), *lsn)),
            Output::SetTimer { timer, generation, .. } => {
                self.timers.retain(|(set, _)| set != timer);
                self.timers.push((*timer, *generation));
            }
            Output::Ready(actor) => self.turns.push(*actor),
            _ => {}
        }
    }
}

fn next_input(u: &mut Unstructured<'_>, wishes: &mut Wishes, node: &Node) -> Result<Input> {
    if u.ratio(1, 2)?
        && let Some(input) = granted(u, wishes)?
    {
        return Ok(input);
    }
    let mut words = Words { u, view: node.view(), last: wishes.last };
    Ok(match words.u.int_in_range(0..=15)? {
        0..=5 => {
            let (from, conn) = words.end()?;
            Input::Packet { from, conn, packet: words.packet()? }
        }
        6..=8 => Input::Notification { from: words.peer()?, notification: words.notification()? },
        9 => {
            let (peer, conn) = (words.peer()?, ConnId(words.u.int_in_range(0..=7)?));
            wishes.last = Some((peer, conn));
            Input::ConnectionUp { peer, conn, outgoing: words.u.arbitrary()? }
        }
        10 => {
            let (peer, conn) = words.end()?;
            Input::ConnectionDown { peer, conn }
        }
        11 if words.u.arbitrary()? => {
            let (peer, conn) = words.end()?;
            Input::Refused { peer, conn }
        }
        11 => Input::ConnectFailed { peer: words.peer()? },
        12 => Input::Client { request: request(u)?, last_seen: zxid(u)?, op: op(u)? },
        13 => Input::StepDown,
        14 => match words.u.int_in_range(0..=5)? {
            0 => Input::Turn(Actor::Receiver),
            1 => Input::Turn(Actor::LogWriter),
            2 => Input::Turn(Actor::Committer),
            3 => Input::Turn(Actor::Loader),
            4 => Input::Turn(Actor::LeakedLogWriter),
            _ => Input::Turn(Actor::Sender(words.peer()?)),
        },
        _ => {
            let timer = *u.choose(&[Timer::Election, Timer::Tick])?;
            Input::Timer { timer, generation: epoch(u)?.0 }
        }
    })
}

/// Something that the server waits for.
fn granted(u: &mut Unstructured<'_>, wishes: &mut Wishes) -> Result<Option<Input>> {
    Ok(match u.int_in_range(0..=3)? {
        0 => wishes.connects.pop().map(|peer| {
            let conn = ConnId(u.int_in_range(0..=7).unwrap_or(0));
            wishes.last = Some((peer, conn));
            Input::ConnectionUp { peer, conn, outgoing: true }
        }),
        1 if !wishes.disk.is_empty() => {
            let (file, upto) = wishes.disk.remove(0);
            Some(if u.ratio(1, 32)? {
                let begins = [DiskError::Header, DiskError::Open];
                let errors = [[DiskError::Write, DiskError::Flush], begins].concat();
                let error = *u.choose(&errors)?;
                Input::DiskFailed { file, lsn: upto, error }
            } else {
                Input::DiskDone { file, upto }
            })
        }
        2 => wishes.timers.pop().map(|(timer, generation)| Input::Timer { timer, generation }),
        _ if !wishes.turns.is_empty() => {
            let at = u.choose_index(wishes.turns.len())?;
            Some(Input::Turn(wishes.turns.remove(at)))
        }
        _ => None,
    })
}
