//! The states of an execution as tables, in the manner of ZooKeeper's own bug reports: what each
//! server would find on its disk, one column a server.

use super::Story;
use super::mirror::Disk;
use super::story::{Moment, Weight, ms};
use super::text::{self, push_wrapped};
use std::fmt::Write as _;

/// Tables that a reader can keep in mind; beyond this many, neighbours are taken together.
const TABLES_MAX: usize = 8;

/// Sentences of a caption.
const CAPTION_MAX: usize = 6;

/// A state of the ensemble, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// When it was reached, in microseconds after boot.
    pub at_us: u64,
    /// What happened since the table before.
    pub caption: Vec<String>,
    /// What is durable at each server.
    pub disks: Vec<Disk>,
}

/// The tables of a story: the beginning, each turn that changed something, the end.
pub fn tables(story: &Story) -> Vec<Table> {
    let beginning = vec!["After boot:".to_owned()];
    let mut tables = vec![Table { at_us: 0, caption: beginning, disks: story.start.clone() }];
    let mut since = Vec::new();
    for (index, moment) in story.moments.iter().enumerate() {
        if moment.weight > Weight::Detail {
            since.push(moment);
        }
        let last = index + 1 == story.moments.len();
        let changed = tables.last().is_some_and(|table| !same_rows(&table.disks, &moment.disks));
        if last || (moment.weight == Weight::Turn && changed) {
            let caption = since.drain(..).map(sentence).collect();
            let disks = moment.disks.clone();
            tables.push(Table { at_us: moment.at_us, caption, disks });
        }
    }
    merge_to(&mut tables, TABLES_MAX);
    tables
}

fn sentence(moment: &Moment) -> String {
    format!("{}: {}", ms(moment.at_us), moment.text)
}

/// Takes the two neighbours together that have the least to tell, until there are few enough.
fn merge_to(tables: &mut Vec<Table>, most: usize) {
    while tables.len() > most {
        let told = |index: &usize| tables[*index].caption.len() + tables[*index + 1].caption.len();
        let Some(index) = (1..tables.len() - 1).min_by_key(told) else {
            return;
        };
        let earlier = tables.remove(index);
        tables[index].caption.splice(0..0, earlier.caption);
    }
}

fn same_rows(a: &[Disk], b: &[Disk]) -> bool {
    let rows = |disks: &[Disk]| {
        disks.iter().map(|disk| (disk.current_epoch, disk.last_logged())).collect::<Vec<_>>()
    };
    rows(a) == rows(b)
}

/// The story as tables, with what was violated below them.
pub fn render(story: &Story) -> String {
    let mut text = String::new();
    for table in tables(story) {
        let skipped = table.caption.len().saturating_sub(CAPTION_MAX);
        let shown = table.caption.iter().enumerate().filter(|(index, _)| {
            // The beginning and the end of a long caption say the most.
            *index < CAPTION_MAX / 2 || *index >= CAPTION_MAX / 2 + skipped
        });
        for (index, sentence) in shown {
            if skipped > 0 && index == CAPTION_MAX / 2 + skipped {
                push_wrapped(&mut text, "  ", &format!("({skipped} more; see --text)"));
            }
            push_wrapped(&mut text, "", sentence);
        }
        text.push('\n');
        push_rows(&mut text, &table.disks);
        text.push('\n');
    }
    if let Some(violation) = story.violations.first() {
        push_wrapped(&mut text, "=> ", &text::sentence(violation));
    }
    text
}

fn push_rows(text: &mut String, disks: &[Disk]) {
    let names = disks
        .iter()
        .enumerate()
        .map(|(id, disk)| if disk.up { format!("S{id}") } else { format!("S{id} (down)") });
    let epochs = disks.iter().map(|disk| disk.current_epoch.to_string());
    let zxids = disks.iter().map(|disk| disk.last_logged().to_string());
    push_row(text, "zk-server", names);
    push_row(text, "current epoch", epochs);
    push_row(text, "last logged zxid", zxids);
}

fn push_row(text: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    let row = cells.fold(format!("    {name:<17}"), |mut row, cell| {
        let _ = write!(row, " {cell:<10}");
        row
    });
    let _ = writeln!(text, "{}", row.trim_end());
}
