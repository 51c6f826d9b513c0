//! What a variant does better or worse than another: what a patch closes, and what it opens.

use super::{Cell, Row};
use zab_core::variant::Bug;

/// How a bug is in one variant, compared with another.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The other is exposed to it, this one is not.
    Closed,
    /// The other is exposed to it; this one was not shown to be, in a search too short to say so.
    ClosedPerhaps,
    /// This one is exposed to it, the other is not.
    Opened,
    /// This one is exposed to it; the other was not shown to be, in a search too short to say so.
    OpenedPerhaps,
}

/// Each bug that makes a difference.
pub type Changes = Vec<(&'static Bug, Change)>;

/// What `row` does better or worse than `base`.
pub fn changes(base: &Row, row: &Row) -> Changes {
    let change = |(bug, cell): &(&'static Bug, Cell)| Some((*bug, change(base.cell(bug)?, cell)?));
    row.cells.iter().filter_map(change).collect()
}

fn change(base: &Cell, cell: &Cell) -> Option<Change> {
    match (base, cell) {
        (Cell::Exposed(_), Cell::Absent) => Some(Change::Closed),
        (Cell::Exposed(_), Cell::NotShown(effort)) if effort.is_clean() => Some(Change::Closed),
        (Cell::Exposed(_), Cell::NotShown(_)) => Some(Change::ClosedPerhaps),
        (Cell::Absent, Cell::Exposed(_)) => Some(Change::Opened),
        (Cell::NotShown(effort), Cell::Exposed(_)) if effort.is_clean() => Some(Change::Opened),
        (Cell::NotShown(_), Cell::Exposed(_)) => Some(Change::OpenedPerhaps),
        _ => None,
    }
}
