//! What every server had after each event: the table of the bug reports, at any moment.

use crate::explain::grid;
use crate::explain::picture::layout::Layout;
use crate::explain::picture::scene::Scene;
use maud::{Markup, html};
use serde_json::json;
use std::collections::BTreeMap;
use zab_checker::custody::ServerState;
use zab_core::{NodeId, Zxid};

/// The rows of the table, without the servers' names.
const ROWS: [&str; 6] = [
    "current epoch",
    "accepted epoch",
    "last logged zxid",
    "not durable yet",
    "last zxid in memory",
    "role",
];

fn cells(id: NodeId, state: &ServerState) -> [String; ROWS.len()] {
    let unflushed: Vec<String> = state.unflushed.iter().map(Zxid::to_string).collect();
    let role = match (state.is_up, state.leader, state.serving) {
        (false, ..) => "down".to_owned(),
        (true, None, _) => "looking".to_owned(),
        (true, Some(leader), None) if leader == id => "elected".to_owned(),
        (true, Some(leader), Some(epoch)) if leader == id => format!("leads epoch {epoch}"),
        (true, Some(leader), None) => format!("joins {leader}"),
        (true, Some(leader), Some(epoch)) => format!("follows {leader}, epoch {epoch}"),
    };
    [
        state.current_epoch.to_string(),
        state.accepted_epoch.to_string(),
        grid::last_logged(state),
        if unflushed.is_empty() { "-".to_owned() } else { unflushed.join(" ") },
        grid::in_memory(state),
        role,
    ]
}

/// The table, empty: the script fills it.
pub(super) fn dock(scene: &Scene) -> Markup {
    let servers = scene.frames.first().map_or(0, |frame| frame.servers.len());
    html! {
        section.dock id="dock" aria-label="The servers at this moment" {
            p id="now" role="status" {}
            table {
                thead {
                    tr { th scope="col" { "zk-server" } @for server in 0..servers { th scope="col" { "S" (server) } } }
                }
                tbody {
                    @for row in ROWS {
                        tr { th scope="row" { (row) } @for _ in 0..servers { td {} } }
                    }
                }
            }
        }
    }
}

/// The contents of the table after each event. Each state of a server is written once, and of each event
/// only what it changes: how much further down it is, and for each server that is in another state its
/// number and that of the state.
pub(super) fn data(scene: &Scene, layout: &Layout) -> String {
    let mut known: BTreeMap<[String; ROWS.len()], usize> = BTreeMap::new();
    let mut states = Vec::new();
    let mut frames = Vec::new();
    let mut last_y = 0;
    let mut last: BTreeMap<NodeId, usize> = BTreeMap::new();
    for frame in &scene.frames {
        let y = layout.y(frame.at).round() as i64;
        let mut row = vec![y - last_y];
        last_y = y;
        for (id, state) in (0..).map(NodeId).zip(&frame.servers) {
            let cells = cells(id, state);
            let next = known.len();
            let index = *known.entry(cells.clone()).or_insert(next);
            if index == states.len() {
                states.push(cells);
            }
            if last.insert(id, index) != Some(index) {
                row.extend([i64::from(id.0), index as i64]);
            }
        }
        frames.push(row);
    }
    // A script element ends at the first `</`, wherever it stands.
    json!({ "rows": ROWS, "states": states, "frames": frames }).to_string().replace('<', "\\u003c")
}
