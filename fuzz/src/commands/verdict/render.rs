//! The matrix, for people and for programs.

use super::super::output::{Format, Out};
use crate::case::Confirmed;
use crate::explain::text::thousands;
use crate::situations::{Census, Situation};
use crate::verdict::explored::{Ended, Explored};
use crate::verdict::{Cell, Change, Changes, Exposure, Row};
use serde_json::{Map, Value, json};
use zab_core::variant::Bug;

/// The widest that a line for people is.
const WIDTH: usize = 100;

/// The least space between two columns.
const GAP: usize = 2;

/// Shows the rows, each variant a column, and what each changes compared with the base.
pub(super) fn matrix(
    base: Option<&Row>,
    rows: &[Row],
    compared: &[Changes],
    cases: usize,
    out: &Out,
) {
    let columns: Vec<&Row> = base.into_iter().chain(rows).collect();
    match out.format() {
        Format::Human => human(&columns, base, rows, compared, cases, out),
        Format::Md => out.table(&markdown(&columns)),
        Format::Csv => out.table(&csv(&columns)),
        Format::Json => out.json(&all_json(base, rows, compared, cases)),
    }
}

fn human(
    columns: &[&Row],
    base: Option<&Row>,
    rows: &[Row],
    compared: &[Changes],
    cases: usize,
    out: &Out,
) {
    out.remark(format!("{cases} stored cases, run in each variant\n"));
    out.line(table(columns));
    out.remark(LEGEND);
    for row in rows.iter().filter(|_| rows.len() == 1) {
        out.remark(format!("\n{}", details(row)));
    }
    if columns.iter().any(|row| !row.explored.is_empty()) {
        out.remark("\nevery order of every event, of one write and one fault:");
    }
    for row in columns {
        row.explored.iter().for_each(|one| out.line(format!("{}: {}", heading(row), told(one))));
    }
    for row in rows {
        if let Some(never) = never_reached(row) {
            out.remark(format!("\n{}: {never}", heading(row)));
        }
    }
    for (row, changes) in rows.iter().zip(compared) {
        if let Some(base) = base {
            tell_changes(base, row, changes, out);
        }
    }
}

const LEGEND: &str = "
O1 5   a case of 5 actions breaks class O1; + it was confirmed on a real server of that release
?      no stored case shows it; ? 20k: nor do 20,000 executions of a search
clean  not in 20 times as many executions as it takes to find the bug by itself (median)
.      nothing of the bug is in there: to repair it changes nothing";

/// The bugs that are in one of the variants, a line each; a column for each variant, in blocks that
/// fit the width.
fn table(columns: &[&Row]) -> String {
    let bugs: Vec<&Bug> = columns.first().map_or(Vec::new(), |row| {
        let is_in = |bug: &&Bug| {
            columns.iter().any(|row| !matches!(row.cell(bug), Some(Cell::Absent) | None))
        };
        row.cells.iter().map(|(bug, _)| *bug).filter(is_in).collect()
    });
    if bugs.is_empty() {
        return "none of the known bugs is in there".to_owned();
    }
    let labels: Vec<String> = bugs.iter().map(|bug| label(bug)).collect();
    let label_width = labels.iter().map(String::len).max().unwrap_or(0);
    let width = |row: &&Row| {
        let cells = bugs.iter().map(|bug| row.cell(bug).map_or(0, |cell| short(cell, row).len()));
        GAP + cells.max().unwrap_or(0).max(heading(row).len())
    };
    let mut blocks = Vec::new();
    let mut left = columns;
    while !left.is_empty() {
        let mut room = WIDTH - label_width;
        let fitting = left.iter().take_while(|row| {
            let fits = width(row) <= room;
            room = room.saturating_sub(width(row));
            fits
        });
        let (block, rest) = left.split_at(fitting.count().max(1));
        left = rest;
        let line = |label: &str, texts: Vec<String>| {
            let cells = block.iter().zip(texts);
            let cells =
                cells.map(|(row, text)| format!("{:GAP$}{text:w$}", "", w = width(row) - GAP));
            format!("{label:label_width$}{}", cells.collect::<String>()).trim_end().to_owned()
        };
        let mut lines = vec![line("", block.iter().map(|row| heading(row)).collect())];
        lines.extend(bugs.iter().zip(&labels).map(|(bug, label)| {
            let cell = |row: &&Row| row.cell(bug).map_or(String::new(), |cell| short(cell, row));
            line(label, block.iter().map(cell).collect())
        }));
        blocks.push(lines.join("\n"));
    }
    blocks.join("\n\n")
}

/// A bug with the number of the issue, unless that is its name.
pub(in super::super) fn label(bug: &Bug) -> String {
    match bug.jira {
        [number, ..] if !bug.name.ends_with(&number.to_string()) => {
            format!("{} {number}", bug.name)
        }
        _ => bug.name.to_owned(),
    }
}

/// What stands above a column: `3.9.5`, the name of a file.
fn heading(row: &Row) -> String {
    let asked = row.subject.asked.as_str();
    let file = asked.rsplit('/').next().unwrap_or(asked);
    let name = file.strip_suffix(".json").unwrap_or(file);
    name.strip_prefix("zk-").unwrap_or(name).to_owned()
}

/// A cell in a few letters.
pub(in super::super) fn short(cell: &Cell, row: &Row) -> String {
    match cell {
        Cell::Absent => ".".to_owned(),
        Cell::Exposed(exposure) => {
            let mark = if confirmed_here(exposure, row).is_some() { "+" } else { "" };
            format!("{} {}{mark}", exposure.class, exposure.actions)
        }
        Cell::NotShown(effort) if effort.is_clean() => "clean".to_owned(),
        Cell::NotShown(effort) if effort.executions == 0 => "?".to_owned(),
        Cell::NotShown(effort) => format!("? {}", rounded(effort.executions)),
    }
}

/// The run on a real server of a release that the variant stands for.
fn confirmed_here<'a>(exposure: &'a Exposure, row: &Row) -> Option<&'a Confirmed> {
    let releases = row.subject.named.base.releases();
    exposure.confirmed.iter().find(|run| releases.contains(&run.release.to_lowercase()))
}

/// `20k`, `3M`.
fn rounded(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}M", count / 1_000_000),
    }
}

/// A line for each bug of a variant: the case that shows it, or what was done in vain.
fn details(row: &Row) -> String {
    let mut lines = vec![format!("{} is {}", row.subject.asked, row.subject.named.name)];
    for (bug, cell) in &row.cells {
        let what = match cell {
            Cell::Absent => continue,
            Cell::Exposed(exposure) => {
                let on = exposure.confirmed.iter().map(|c| format!("; seen on {}", c.release));
                let Exposure { class, actions, case, .. } = exposure;
                let on = on.collect::<String>();
                format!("{class} in {actions} actions{on}: {}", case.display())
            }
            Cell::NotShown(effort) => {
                format!("not shown in {} executions{}", effort.executions, complete_within(row))
            }
        };
        lines.push(format!("  {}: {what}", label(bug)));
    }
    lines.join("\n")
}

/// The explorations that came to an end, beside what a search did in vain.
fn complete_within(row: &Row) -> String {
    let complete = row.explored.iter().filter(|one| one.ended == Ended::Complete);
    let faults: Vec<_> = complete.map(|one| one.fault).collect();
    if faults.is_empty() {
        return String::new();
    }
    format!(", complete within a write and one {}", faults.join(", one "))
}

/// `complete`, `O1 9`, `?`.
fn brief(explored: &Explored) -> String {
    match explored.ended {
        Ended::Complete => "complete".to_owned(),
        Ended::Broken(class, steps) => format!("{class} {steps}"),
        Ended::Incomplete => "?".to_owned(),
    }
}

/// `restart: complete, 42,020 states`.
fn told(explored: &Explored) -> String {
    let Explored { fault, ended, states } = explored;
    let states = thousands(*states);
    match ended {
        Ended::Complete => format!("{fault}: complete, {states} states"),
        Ended::Broken(class, steps) => {
            format!("{fault}: {class} after {steps} steps, the shortest way of {states} states")
        }
        Ended::Incomplete => format!("{fault}: not complete within {states} states"),
    }
}

/// The delicate situations that the searches for a variant's open cells never came to.
fn never_reached(row: &Row) -> Option<String> {
    let mut census = Census::default();
    let mut executions = 0;
    for (_, cell) in &row.cells {
        if let Cell::NotShown(effort) = cell {
            census.add(&effort.census);
            executions += effort.executions;
        }
    }
    let never: Vec<_> =
        Situation::ALL.into_iter().filter(|s| census.of(*s) == 0).map(Situation::name).collect();
    let never = if never.is_empty() { "no situation".to_owned() } else { never.join("; ") };
    (executions > 0).then(|| format!("{executions} executions of searches never came to: {never}"))
}

fn tell_changes(base: &Row, row: &Row, changes: &Changes, out: &Out) {
    out.line(format!("\n{} against {}:", heading(row), heading(base)));
    let list = |wanted| {
        let bugs = changes.iter().filter(|(_, change)| *change == wanted);
        bugs.map(|(bug, _)| label(bug)).collect::<Vec<_>>().join(", ")
    };
    let said = |wanted, words: &str| {
        let bugs = list(wanted);
        (!bugs.is_empty()).then(|| wrapped(&format!("{words}: {bugs}")))
    };
    let perhaps_closed = said(Change::ClosedPerhaps, "not shown any more (search longer: --time)");
    let perhaps_opened =
        said(Change::OpenedPerhaps, "shown here, and not yet there (search longer: --time)");
    let lines = [
        said(Change::Closed, "closes").map(|line| (line, true)),
        perhaps_closed.map(|line| (line, true)),
        perhaps_opened.map(|line| (line, false)),
        said(Change::Opened, "opens").map(|line| (line, false)),
    ];
    if changes.is_empty() {
        out.line("  no difference");
    }
    for (line, is_good) in lines.into_iter().flatten() {
        if is_good { out.good(line) } else { out.bad(line) }
    }
}

/// A list in lines that fit the width, the later ones further in.
fn wrapped(text: &str) -> String {
    let mut lines = vec![" ".to_owned()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is a first line");
        if last.len() + 1 + word.len() <= WIDTH {
            *last += &format!(" {word}");
        } else {
            lines.push(format!("     {word}"));
        }
    }
    lines.join("\n")
}

fn markdown(columns: &[&Row]) -> String {
    let headings: Vec<_> = columns.iter().map(|row| heading(row)).collect();
    let mut lines =
        vec![format!("| bug | {} |", headings.join(" | ")), "|---".repeat(columns.len() + 1) + "|"];
    for (bug, _) in columns.first().map_or(&[][..], |row| &row.cells) {
        let cells = columns.iter().filter_map(|row| Some((row, row.cell(bug)?)));
        let texts = cells.map(|(row, cell)| match cell {
            Cell::Exposed(exposure) => {
                format!("[{}]({})", short(cell, row), exposure.case.display())
            }
            _ => short(cell, row),
        });
        lines.push(format!("| {} | {} |", label(bug), texts.collect::<Vec<_>>().join(" | ")));
    }
    for (at, one) in columns.first().map_or(&[][..], |row| &row.explored).iter().enumerate() {
        let ends = columns.iter().filter_map(|row| row.explored.get(at)).map(brief);
        let ends = ends.collect::<Vec<_>>().join(" | ");
        lines.push(format!("| every order of a write and a {} | {ends} |", one.fault));
    }
    lines.join("\n") + "\n"
}

fn csv(columns: &[&Row]) -> String {
    let mut lines = vec!["variant,bug,cell,class,actions,confirmed,executions,case".to_owned()];
    for row in columns {
        for (bug, cell) in &row.cells {
            let rest = match cell {
                Cell::Absent => "absent,,,,,".to_owned(),
                Cell::Exposed(exposure) => {
                    let on: Vec<_> =
                        exposure.confirmed.iter().map(|c| c.release.as_str()).collect();
                    let Exposure { class, actions, case, .. } = exposure;
                    format!("exposed,{class},{actions},{},,{}", on.join(" "), case.display())
                }
                Cell::NotShown(effort) => {
                    let word = if effort.is_clean() { "clean" } else { "not shown" };
                    format!("{word},,,,{},", effort.executions)
                }
            };
            lines.push(format!("{},{},{rest}", row.subject.asked, bug.name));
        }
    }
    lines.join("\n") + "\n"
}

fn all_json(base: Option<&Row>, rows: &[Row], compared: &[Changes], cases: usize) -> Value {
    let with_changes = rows.iter().zip(compared).map(|(row, changes)| {
        let mut value = row_json(row);
        if base.is_some() {
            value["changes"] = changes
                .iter()
                .map(|(bug, change)| (bug.name.to_owned(), json!(word(*change))))
                .collect::<Map<_, _>>()
                .into();
        }
        value
    });
    json!({
        "cases": cases,
        "against": base.map(row_json),
        "variants": with_changes.collect::<Vec<_>>(),
    })
}

const fn word(change: Change) -> &'static str {
    match change {
        Change::Closed => "closed",
        Change::ClosedPerhaps => "perhaps closed",
        Change::Opened => "opened",
        Change::OpenedPerhaps => "perhaps opened",
    }
}

fn row_json(row: &Row) -> Value {
    let cells = row.cells.iter().map(|(bug, cell)| (bug.name.to_owned(), cell_json(cell)));
    let explored = row.explored.iter().map(explored_json);
    json!({
        "asked": row.subject.asked,
        "variant": row.subject.named.name,
        "bugs": cells.collect::<Map<_, _>>(),
        "explored": explored.collect::<Vec<_>>(),
    })
}

fn explored_json(Explored { fault, ended, states }: &Explored) -> Value {
    let (word, class, steps) = match ended {
        Ended::Complete => ("complete", None, None),
        Ended::Broken(class, steps) => ("broken", Some(class.name()), Some(steps)),
        Ended::Incomplete => ("incomplete", None, None),
    };
    json!({ "writes": 1, "fault": fault, "end": word, "class": class, "steps": steps, "states": states })
}

fn cell_json(cell: &Cell) -> Value {
    match cell {
        Cell::Absent => json!({ "cell": "absent" }),
        Cell::Exposed(Exposure { case, class, actions, confirmed }) => json!({
            "cell": "exposed",
            "class": class.name(),
            "actions": actions,
            "case": case.display().to_string(),
            "confirmed": confirmed,
        }),
        Cell::NotShown(effort) => json!({
            "cell": if effort.is_clean() { "clean" } else { "not shown" },
            "executions": effort.executions,
            "median": effort.median,
            "situations": Situation::ALL
                .into_iter()
                .map(|s| (s.name().to_owned(), json!(effort.census.of(s))))
                .collect::<Map<_, _>>(),
        }),
    }
}
