//! Acknowledgements of what was not durable, and what became of that.

use super::film::Film;
use super::scene::{Column, Exit, Frame, Kept, Point, Promise, Stage, Strip};
use zab_checker::Fact;
use zab_checker::custody::ServerState;
use zab_core::{NodeId, Packet, Zxid};

/// Every promise that was made too early, in order of time.
pub(super) fn promises(
    film: &Film<'_>,
    frames: &[Frame],
    columns: &[Column],
    strips: &[Strip],
) -> Vec<Promise> {
    let mut promises = Vec::new();
    for (index, event) in film.events() {
        let (Fact::Sent { packet: Packet::Ack(zxid), .. }, Some(server)) =
            (&event.fact, event.node)
        else {
            continue;
        };
        let at = film.point(index);
        let place = frames.partition_point(|frame| frame.at < at);
        let state = |place: usize| frames.get(place).and_then(|f| f.servers.get(server.index()));
        let (Some(before), Some(now)) = (place.checked_sub(1).and_then(state), state(place)) else {
            continue;
        };
        for missing in missing(before, now, *zxid) {
            let of_zxid = |column: &Column| !column.is_base && column.txn.zxid == missing;
            let subject = columns.iter().position(|column| of_zxid(column) && column.is_subject);
            if let Some(column) = subject.or_else(|| columns.iter().position(of_zxid)) {
                let (until, outcome) = outcome(strips, (server, column), at, film.end());
                let is_involved = columns[column].is_subject;
                promises.push(Promise { server, at, column, until, outcome, is_involved });
            }
        }
    }
    promises
}

/// What a server that sends this acknowledgement lacks on its disk: what D1 holds against it. The
/// acknowledgement of an epoch counts that ends a synchronization.
fn missing(before: &ServerState, now: &ServerState, zxid: Zxid) -> Vec<Zxid> {
    if zxid.is_epoch_mark() {
        let counts = before.is_synchronizing && !now.is_synchronizing;
        if counts { now.shortfall.missing.clone() } else { Vec::new() }
    } else if now.is_forgetful {
        vec![zxid]
    } else {
        Vec::new()
    }
}

/// When what was promised came to be durable, or was lost: what became of its strip.
fn outcome(
    strips: &[Strip],
    (server, column): (NodeId, usize),
    at: Point,
    end: Point,
) -> (Point, Kept) {
    let of_record = |strip: &&Strip| (strip.server, strip.column) == (server, column);
    for strip in strips.iter().filter(of_record).filter(|strip| strip.to >= at) {
        if strip.stage >= Stage::Durable {
            return (strip.from.max(at), Kept::Late);
        }
        if strip.exit != Exit::None {
            return (strip.to, Kept::Never);
        }
    }
    (end, Kept::Open)
}
