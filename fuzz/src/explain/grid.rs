//! Rows with one cell for each server.

use std::cmp::Ordering;
use std::fmt::Write as _;
use zab_checker::custody::{ServerState, Servers};
use zab_core::{NodeId, Zxid};

/// How wide the names of rows are.
const NAME: usize = 20;

/// How wide a cell is: seven of them fit into a line.
const CELL: usize = 9;

/// One row.
pub(super) fn row(name: &str, cells: impl IntoIterator<Item = String>) -> String {
    let row = cells.into_iter().fold(format!("{name:<NAME$}"), |mut row, cell| {
        let _ = write!(row, " {cell:<CELL$}");
        row
    });
    row.trim_end().to_owned()
}

/// The row of the servers' names.
pub(super) fn names(name: &str, servers: &[ServerState]) -> String {
    let cells = (0..).zip(servers).map(|(id, server): (u8, _)| {
        let server_name = NodeId(id);
        if server.is_up { server_name.to_string() } else { format!("{server_name} down") }
    });
    row(name, cells)
}

/// The last zxid on a disk; a log with a hole has a mark.
pub(super) fn last_logged(server: &ServerState) -> String {
    let mark = if server.hole.is_some() { "!" } else { "" };
    format!("{}{mark}", server.last_logged)
}

/// The last zxid in a memory.
pub(super) fn in_memory(server: &ServerState) -> String {
    server.in_memory.map_or_else(|| "-".to_owned(), |zxid| zxid.to_string())
}

/// What the marks mean, if there is one.
pub(super) fn holes(servers: &Servers) -> Vec<String> {
    let holes = (0..).map(NodeId).zip(servers).filter_map(|(id, server)| {
        let (before, after) = server.hole?;
        Some(match after.cmp(&before) {
            Ordering::Equal => format!("! the log of {id} has {after} twice"),
            Ordering::Less => format!("! the log of {id} goes back: after {before} comes {after}"),
            Ordering::Greater if before == Zxid::ZERO => {
                format!("! the log of {id} has a hole: it begins with {after}")
            }
            Ordering::Greater => {
                format!("! the log of {id} has a hole: after {before} comes {after}")
            }
        })
    });
    holes.collect()
}
