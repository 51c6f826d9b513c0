//! The states of an execution as tables, in the manner of ZooKeeper's own bug reports: what each
//! server would find on its disk, one column a server. The last one stands at the end of the run,
//! and shows memories as well.

use super::story::{Moment, Weight};
use super::text::{WIDTH, ms, push_wrapped};
use super::{Story, boxed, grid};
use zab_checker::custody::Servers;

/// Tables that a reader can keep in mind; beyond this many, neighbors are taken together.
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
    /// What each server had.
    pub servers: Servers,
    /// It stands at the end of the run.
    pub is_last: bool,
}

/// The tables of a story: the beginning, each turn that changed something, the end.
pub fn tables(story: &Story) -> Vec<Table> {
    let table = |at_us, caption, servers: &Servers| Table {
        at_us,
        caption,
        servers: servers.clone(),
        is_last: false,
    };
    let mut tables = vec![table(0, vec!["After boot:".to_owned()], &story.start)];
    let mut since = Vec::new();
    for moment in &story.moments {
        if moment.weight > Weight::Detail {
            since.push(moment);
        }
        let changed = tables.last().is_some_and(|last| !same_rows(&last.servers, &moment.servers));
        if moment.weight == Weight::Turn && changed {
            let caption = since.drain(..).map(sentence).collect();
            tables.push(table(moment.at_us, caption, &moment.servers));
        }
    }
    let mut caption: Vec<String> = since.into_iter().map(sentence).collect();
    caption.push(format!("{}: the end", ms(story.end_us)));
    tables.push(Table { is_last: true, ..table(story.end_us, caption, &story.end) });
    merge_to(&mut tables, TABLES_MAX);
    tables
}

fn sentence(moment: &Moment) -> String {
    format!("{}: {}", ms(moment.at_us), moment.text)
}

/// Takes the two neighbors together that have the least to tell, until there are few enough.
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

fn same_rows(a: &Servers, b: &Servers) -> bool {
    let rows = |servers: &Servers| {
        let row = |server: &zab_checker::custody::ServerState| {
            (server.current_epoch, server.last_logged, server.hole)
        };
        servers.iter().map(row).collect::<Vec<_>>()
    };
    rows(a) == rows(b)
}

/// The story as tables, and below them the box.
pub fn render(story: &Story) -> String {
    render_tables(story) + &boxed::render(story)
}

/// The tables of a story.
pub fn render_tables(story: &Story) -> String {
    let mut text = String::new();
    for table in tables(story) {
        push_caption(&mut text, &table.caption);
        text.push('\n');
        push_rows(&mut text, &table);
        text.push('\n');
    }
    text
}

fn push_caption(text: &mut String, caption: &[String]) {
    let skipped = caption.len().saturating_sub(CAPTION_MAX);
    for (index, sentence) in caption.iter().enumerate() {
        // The beginning and the end of a long caption say the most.
        let is_shown = index < CAPTION_MAX / 2 || index >= CAPTION_MAX / 2 + skipped;
        if skipped > 0 && index == CAPTION_MAX / 2 {
            push_wrapped(text, WIDTH, "  ", &format!("({skipped} more; see --text)"));
        }
        if is_shown {
            push_wrapped(text, WIDTH, "", sentence);
        }
    }
}

fn push_rows(text: &mut String, table: &Table) {
    let servers = &table.servers;
    let epochs = servers.iter().map(|server| server.current_epoch.to_string());
    let mut rows = vec![
        grid::names("zk-server", servers),
        grid::row("current epoch", epochs),
        grid::row("last logged zxid", servers.iter().map(grid::last_logged)),
    ];
    if table.is_last {
        rows.push(grid::row("last zxid in memory", servers.iter().map(grid::in_memory)));
    }
    rows.extend(grid::holes(servers));
    for row in rows {
        push_row(text, &row);
    }
}

/// A row keeps its spaces.
fn push_row(text: &mut String, row: &str) {
    text.push_str("    ");
    text.push_str(row);
    text.push('\n');
}
