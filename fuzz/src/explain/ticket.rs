//! A case as the text of a bug report: in the markup of ZooKeeper's tracker (JIRA), or in Markdown.

use super::finding::Finding;
use super::picture::Shown;
use super::story::{Story, Weight};
use super::table::{Table, tables};
use super::text::ms;
use super::{boxed, grid};
use std::fmt::Write as _;
use zab_checker::Violation;
use zab_checker::custody::{OnDisk, ServerState};

/// How a report is marked up.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// CommonMark with tables.
    Markdown,
    /// The wiki markup of JIRA.
    Jira,
}

impl Syntax {
    fn heading(self, text: &str) -> String {
        match self {
            Self::Markdown => format!("\n## {text}\n\n"),
            Self::Jira => format!("\nh3. {text}\n\n"),
        }
    }

    /// A text that is to be shown as it is.
    fn plain(self, text: &str) -> String {
        let special: &[char] = match self {
            Self::Markdown => &['\\', '`', '*', '_', '<', '>', '|', '[', ']', '#', '~'],
            Self::Jira => &['\\', '{', '}', '[', ']', '|', '*', '_', '!', '^', '~'],
        };
        let escape = |c: char| {
            let mark = special.contains(&c).then_some('\\');
            mark.into_iter().chain([c])
        };
        text.chars().flat_map(escape).collect()
    }

    fn code(self, text: &str) -> String {
        match self {
            Self::Markdown => format!("```\n{text}\n```\n"),
            Self::Jira => format!("{{noformat}}\n{text}\n{{noformat}}\n"),
        }
    }

    fn bold(self, text: &str) -> String {
        match self {
            Self::Markdown => format!("**{text}**"),
            Self::Jira => format!("*{text}*"),
        }
    }

    /// A table; the first row has the names of the columns.
    fn table(self, rows: &[Vec<String>]) -> String {
        let mut text = String::new();
        for (index, row) in rows.iter().enumerate() {
            let cells: Vec<String> = row.iter().map(|cell| self.plain(cell)).collect();
            let edge = if self == Self::Jira && index == 0 { "||" } else { "|" };
            let between = if edge == "||" { " || " } else { " | " };
            let _ = writeln!(text, "{edge} {} {edge}", cells.join(between));
            if self == Self::Markdown && index == 0 {
                let _ = writeln!(text, "|{}", "---|".repeat(row.len()));
            }
        }
        text
    }
}

/// The report: title, environment, what is needed, steps, what the servers held, what was expected.
pub fn render(shown: Shown<'_>, syntax: Syntax) -> String {
    let story = shown.story;
    let finding = &story.finding;
    let title = match &finding.violation {
        Some(violation) => boxed::title(finding, violation),
        None => "No rule is broken.".to_owned(),
    };
    let mut text = match syntax {
        Syntax::Markdown => format!("# {}\n", syntax.plain(&title)),
        Syntax::Jira => format!("h2. {}\n", syntax.plain(&title)),
    };
    text += &syntax.heading("Environment");
    text += &syntax.plain(&environment(shown));
    text += "\n\n";
    text += &syntax.code(shown.command);
    text += &syntax.heading("Steps");
    push_steps(&mut text, story, syntax);
    text += &syntax.heading("States");
    for table in tables(story) {
        push_state(&mut text, &table, syntax);
    }
    if finding.violation.is_some() {
        text += &syntax.heading("Who held it, and when");
        push_instants(&mut text, finding, syntax);
        text += &syntax.heading("Expected and actual");
    }
    push_outcome(&mut text, finding, syntax);
    text
}

fn environment(shown: Shown<'_>) -> String {
    let servers = shown.recording.schedule.servers;
    let model = "a model of ZooKeeper's Zab in Rust, not the Java server";
    let needs = match shown.case.defects.as_slice() {
        [] => String::new(),
        defects => format!(" It needs: {}.", defects.join(", ").replace('_', "-")),
    };
    let mut text = format!("Variant {} with {servers} servers, in {model}.{needs}", shown.variant);
    if let Some(needed) = shown.story.needed {
        text += &format!(" It needs {needed}.");
    }
    if let Some(shown_in) = &shown.case.shown_in {
        text += &format!(" {}", shown_in.sentence());
    }
    for one in &shown.case.confirmed {
        text += &format!(" {}", one.sentence());
    }
    text
}

/// The steps that a summary has to mention.
fn push_steps(text: &mut String, story: &Story, syntax: Syntax) {
    let item = if syntax == Syntax::Jira { "#" } else { "1." };
    for moment in story.moments.iter().filter(|moment| moment.weight > Weight::Detail) {
        let _ = writeln!(text, "{item} {}: {}", ms(moment.at_us), syntax.plain(&moment.text));
    }
}

fn push_state(text: &mut String, table: &Table, syntax: Syntax) {
    for sentence in &table.caption {
        let end = if syntax == Syntax::Markdown { "  " } else { "" };
        let _ = writeln!(text, "{}{end}", syntax.plain(sentence));
    }
    let servers = &table.servers;
    let mut rows = vec![
        names("zk-server", servers),
        row("current epoch", servers, |server| server.current_epoch.to_string()),
        row("last logged zxid", servers, grid::last_logged),
    ];
    if table.is_last {
        rows.push(row("last zxid in memory", servers, grid::in_memory));
    }
    let _ = writeln!(text, "\n{}", syntax.table(&rows));
}

fn row(name: &str, servers: &[ServerState], cell: fn(&ServerState) -> String) -> Vec<String> {
    [name.to_owned()].into_iter().chain(servers.iter().map(cell)).collect()
}

fn names(name: &str, servers: &[ServerState]) -> Vec<String> {
    let names = (0..servers.len()).map(|id| format!("S{id}"));
    [name.to_owned()].into_iter().chain(names).collect()
}

fn push_instants(text: &mut String, finding: &Finding, syntax: Syntax) {
    for instant in &finding.instants {
        let head = format!("{}, {}", instant.why.name(), ms(instant.at_us));
        let why = syntax.plain(&boxed::words::why(finding, instant));
        let _ = writeln!(text, "{}: {why}\n", syntax.bold(&head));
        let mut rows = vec![names("", &instant.servers)];
        for (txn, holdings) in finding.subjects.iter().zip(&instant.holdings) {
            let name = format!("{} on disk", txn.zxid);
            let cells = holdings.iter().map(|holding| match holding.disk {
                OnDisk::Durable => "durable".to_owned(),
                OnDisk::Unflushed => "unflushed".to_owned(),
                OnDisk::No => "no".to_owned(),
            });
            rows.push([name].into_iter().chain(cells).collect());
            let name = format!("{} in memory", txn.zxid);
            rows.push([name].into_iter().chain(holdings.iter().map(boxed::in_memory)).collect());
        }
        if finding.subjects.is_empty() {
            rows.push(row("current epoch", &instant.servers, |one| one.current_epoch.to_string()));
            rows.push(row("accepted epoch", &instant.servers, |one| {
                one.accepted_epoch.to_string()
            }));
            rows.push(row("last logged zxid", &instant.servers, grid::last_logged));
        }
        rows.push(row("serves clients", &instant.servers, boxed::serves));
        let _ = writeln!(text, "{}", syntax.table(&rows));
    }
}

fn push_outcome(text: &mut String, finding: &Finding, syntax: Syntax) {
    let Some(violation) = &finding.violation else {
        return;
    };
    let expected = format!("not this: {} ({})", violation.class.meaning(), violation.class);
    let _ = writeln!(text, "{}: {}\n", syntax.bold("Expected"), syntax.plain(&expected));
    let _ = writeln!(text, "{}: {}", syntax.bold("Actual"), syntax.plain(&boxed::what(violation)));
    push_list(text, "What explains it:", &finding.hazards, syntax);
    push_list(text, "Also broken, in order of time:", &finding.also, syntax);
}

fn push_list(text: &mut String, head: &str, broken: &[Violation], syntax: Syntax) {
    if broken.is_empty() {
        return;
    }
    let item = if syntax == Syntax::Jira { "*" } else { "-" };
    let _ = writeln!(text, "\n{head}\n");
    for one in broken {
        let _ = writeln!(text, "{item} {}", syntax.plain(&boxed::broken(one)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_to_a_markup_is_escaped() {
        let text = "<2, 1> k0_1 [x] {y} | *z*";
        assert_eq!(Syntax::Markdown.plain(text), r"\<2, 1\> k0\_1 \[x\] {y} \| \*z\*");
        assert_eq!(Syntax::Jira.plain(text), r"<2, 1> k0\_1 \[x\] \{y\} \| \*z\*");
    }

    #[test]
    fn a_table_has_its_names_in_the_first_row() {
        let rows = [vec!["zk".to_owned(), "S0".to_owned()], vec!["a".to_owned(), "1".to_owned()]];
        assert_eq!(Syntax::Markdown.table(&rows), "| zk | S0 |\n|---|---|\n| a | 1 |\n");
        assert_eq!(Syntax::Jira.table(&rows), "|| zk || S0 ||\n| a | 1 |\n");
    }
}
