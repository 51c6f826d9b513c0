//! Who believes that it has the lock, from when to when.

use super::film::Film;
use super::scene::{Held, Point};
use super::ways::Lane;
use std::collections::BTreeMap;
use zab_checker::{Fact, News};

/// Every time that a client believes so: from when it sees its node first to when it is told that its session
/// has ended, or the end. What it knows of its connection divides that.
pub(super) fn held(film: &Film<'_>, lanes: &[Lane], end: Point) -> Vec<Held> {
    let mut open: BTreeMap<u8, Held> = BTreeMap::new();
    let mut held = Vec::new();
    let events = film.recording.events.iter().enumerate().skip(film.recording.boot);
    for (index, event) in events {
        let Fact::Lock { session, news } = event.fact else { continue };
        let lane = lanes.iter().position(|lane| *lane == Lane::Locker(session.client()));
        let (Some(client), at) = (lane, film.point(index)) else { continue };
        let before = open.remove(&session.client());
        let (is_connected, number) = match (news, before) {
            (News::Holds { number }, None) => (true, number),
            (News::Suspended, Some(before)) => (false, before.number),
            (News::Expired, before) => {
                held.extend(before.map(|before| Held { to: at, ..before }));
                continue;
            }
            (News::Resumed, Some(before)) => (true, before.number),
            (_, before) => {
                open.extend(before.map(|before| (session.client(), before)));
                continue;
            }
        };
        held.extend(before.map(|before| Held { to: at, ..before }));
        let now = Held { client, session, number, is_connected, from: at, to: end };
        open.insert(session.client(), now);
    }
    held.extend(open.into_values());
    held.retain(|held| held.from < held.to);
    held.sort_by_key(|held| (held.client, held.from));
    held
}
