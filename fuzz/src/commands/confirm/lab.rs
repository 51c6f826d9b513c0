//! `zab confirm` where there is a gate: every execution of every scenario, and what they come to.

use super::beside::Beside;
use super::overview::Overview;
use super::subject::{self, Part, Subject};
use super::{Args, Exit, Failure, Out};
use crate::commands::{quoted, stored};
use crate::real::Java;
use crate::real::play::{self, Report, show};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(in super::super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let java = servers(args).map_err(Failure::harness)?;
    let files = subject::files(args)?;
    let subjects = files.iter().map(|path| Subject::read(path, args.control, &java));
    let subjects = subjects.collect::<Result<Vec<_>, Failure>>()?;
    if args.print {
        return Ok(print(&subjects, out));
    }
    out.command(&command(args));
    let folder = std::env::temp_dir().join(format!("zab-confirm-{}", std::process::id()));
    let bench = Bench { args, out, java, folder };
    let (mut counts, mut times) = (Counts::default(), Vec::new());
    let (mut reports, mut failure) = (Vec::new(), None);
    let mut overview = overview(args, &bench.java, &subjects)?;
    if let Some(overview) = &overview {
        overview.announce(args.times, out);
    }
    for subject in &subjects {
        let before = counts;
        // What fails on this machine says nothing of the others.
        match bench.subject(subject, &mut counts, &mut times) {
            Ok(mut report) => {
                if let Some(overview) = &overview {
                    report["bugs"] = json!(overview.needed_by(subject));
                }
                reports.push(report);
            }
            Err(why) => {
                out.bad(format!("  not carried out: {}", why.what));
                reports.push(json!({
                    "scenario": subject.path.display().to_string(), "failed": why.what,
                }));
                failure = Some(why);
            }
        }
        if let Some(overview) = &mut overview {
            overview.add(subject, before, counts);
        }
    }
    if args.keep {
        out.remark(format!("everything they left is in {}", bench.folder.display()));
    } else {
        let _ = std::fs::remove_dir_all(&bench.folder);
    }
    if subjects.len() > 1 {
        let Counts { confirmed, refuted, kept, not_kept, not_expressible } = counts;
        let mut line = format!("{confirmed} confirmed, {refuted} refuted");
        if args.control {
            write!(line, "; {kept} controls kept, {not_kept} not")
                .expect("a string takes any text");
        }
        let times =
            summary(&mut times).map_or_else(String::new, |times| format!("; {times} a run"));
        out.line(format!("{line}; {not_expressible} not expressible{times}"));
    }
    if let Some(overview) = &overview {
        overview.tell(out);
    }
    out.json(&json!(reports));
    let exit = overview.map_or_else(|| counts.exit(), |overview| overview.exit());
    failure.map_or(Ok(exit), Err)
}

/// The releases that are meant.
fn servers(args: &Args) -> Result<Java, String> {
    let java = Java::find(args.zookeeper.as_deref())?;
    match &args.upgrade {
        None => Ok(java),
        Some(asked) => Ok(java.upgraded_to(Java::find(Some(asked))?)),
    }
}

/// What a whole folder is about to say of a release.
fn overview(args: &Args, java: &Java, subjects: &[Subject]) -> Result<Option<Overview>, Failure> {
    let Some(folder) = &args.all else { return Ok(None) };
    let (release, named) = subject::model_of(folder, java)?;
    let beside = Beside::of(release, named, &stored(folder)?, subjects);
    Ok(Some(Overview::of(beside, subjects)))
}

/// Writes down the scenarios that are made of cases.
fn print(subjects: &[Subject], out: &Out) -> Exit {
    let mut exit = Exit::Clean;
    for subject in subjects {
        match (&subject.text, &subject.scenario) {
            (Some(text), _) => out.line(text.trim_end()),
            (None, Ok(_)) => out.line(format!("{} is a scenario", subject.path.display())),
            (None, Err(why)) => {
                exit = Exit::Inconclusive;
                out.bad(format!("{}: not expressible{why}", subject.path.display()));
            }
        }
    }
    exit
}

fn command(args: &Args) -> String {
    let mut command = "cargo zab confirm".to_owned();
    let mut add = |text: String| write!(command, " {text}").expect("a string takes any text");
    args.scenarios.iter().for_each(|path| add(quoted(path)));
    if let Some(folder) = &args.all {
        add(format!("--all {}", quoted(folder)));
    }
    if let Some(folder) = &args.zookeeper {
        add(format!("--zookeeper {}", quoted(folder)));
    }
    if let Some(folder) = &args.upgrade {
        add(format!("--upgrade {}", quoted(folder)));
    }
    if args.times > 1 {
        add(format!("--times {}", args.times));
    }
    if args.control {
        add("--control".to_owned());
    }
    if args.record {
        add("--record".to_owned());
    }
    if let Some(seconds) = args.patience {
        add(format!("--patience {seconds}"));
    }
    command
}

/// Executions that came to what their scenario says, and all others.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Counts {
    pub(super) confirmed: u32,
    pub(super) refuted: u32,
    kept: u32,
    not_kept: u32,
    not_expressible: u32,
}

impl Counts {
    /// A scenario whose control loses as well proves nothing; one that nothing confirms needs none.
    const fn exit(self) -> Exit {
        match self {
            Self { confirmed: 0, not_expressible: 0, .. } => Exit::NotReproduced,
            Self { refuted: 0, not_kept: 0, not_expressible: 0, .. } => Exit::Violation,
            _ => Exit::Inconclusive,
        }
    }

    fn add(&mut self, report: &Report, control: bool) -> bool {
        let as_told = if control { report.keeps() } else { report.confirms() };
        let count = match (control, as_told) {
            (false, true) => &mut self.confirmed,
            (false, false) => &mut self.refuted,
            (true, true) => &mut self.kept,
            (true, false) => &mut self.not_kept,
        };
        *count += 1;
        as_told
    }
}

/// What all executions have in common.
struct Bench<'a> {
    args: &'a Args,
    out: &'a Out,
    java: Java,
    folder: PathBuf,
}

impl Bench<'_> {
    /// Carries a scenario out as often as was asked for, and its control.
    fn subject(
        &self,
        subject: &Subject,
        all: &mut Counts,
        all_times: &mut Vec<Duration>,
    ) -> Result<Value, Failure> {
        let Subject { path, name, title, .. } = subject;
        // Of a whole folder most say nothing of a release, and are summed up.
        if self.args.all.is_none() || subject.scenario.is_ok() {
            self.out.line(format!("{name}: {title}"));
        }
        let scenario = match &subject.scenario {
            Ok(scenario) => scenario,
            Err(why) => {
                all.not_expressible += 1;
                if self.args.all.is_none() {
                    self.out.bad(format!("  not expressible{why}"));
                }
                let path = path.display().to_string();
                return Ok(json!({ "scenario": path, "not_expressible": why.to_string() }));
            }
        };
        let mut counts = Counts::default();
        let mut reports = Vec::new();
        let parts = subject.parts(scenario, self.args.control);
        for part in &parts {
            let mut times = Vec::new();
            let control = part.is_control;
            for number in 1..=self.args.times {
                let suffix = if control { "-control" } else { "" };
                let folder = format!("{}{suffix}-{number}", short(name));
                let report = self.play(&folder, part)?;
                let as_told = counts.add(&report, control);
                all.add(&report, control);
                self.tell(number, &report, control, as_told);
                times.push(report.took);
                reports.push(to_json(&report, control, as_told));
            }
            self.sum_up(part, counts, &mut times);
            all_times.append(&mut times);
        }
        if let Some(releases) = self.java.releases().filter(|_| self.args.record) {
            subject.record(&releases, counts.confirmed, self.args.times)?;
        }
        if self.args.control && parts.len() == 1 {
            all.not_kept += 1;
            self.out.bad("  no control: there is none that the model keeps");
        }
        Ok(json!({ "scenario": path.display().to_string(), "executions": reports }))
    }

    /// A new folder. Cases of two classes may have one name, and those before may have left theirs.
    fn folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let failure = |path: &Path, error: std::io::Error| {
            Failure::harness(format!("{}: {error}", path.display()))
        };
        std::fs::create_dir_all(&self.folder).map_err(|error| failure(&self.folder, error))?;
        let names = std::iter::once(name.to_owned());
        let names = names.chain((2..).map(|number| format!("{name}-{number}")));
        for path in names.map(|name| self.folder.join(name)) {
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failure(&path, error)),
            }
        }
        unreachable!("there is always another number")
    }

    fn play(&self, name: &str, part: &Part<'_>) -> Result<Report, Failure> {
        let Part { scenario, lines_of_control, is_control, .. } = *part;
        let folder = self.folder(name)?;
        let failure = |what: String| Failure::harness(format!("{}: {what}", folder.display()));
        let mut scenario = scenario.clone();
        if let Some(seconds) = self.args.patience {
            scenario.setup.be_patient(Duration::from_secs(seconds));
        }
        let report =
            play::play(&scenario, lines_of_control, &self.java, &folder).map_err(&failure)?;
        let text = format!(
            "{:#}\n",
            to_json(
                &report,
                is_control,
                if is_control { report.keeps() } else { report.confirms() }
            )
        );
        std::fs::write(folder.join("report.json"), text)
            .map_err(|error| failure(error.to_string()))?;
        if !self.args.keep {
            std::fs::remove_dir_all(&folder).map_err(|error| failure(error.to_string()))?;
        }
        Ok(report)
    }

    /// One execution, in full the first time and where it is not as told.
    fn tell(&self, number: u32, report: &Report, control: bool, as_told: bool) {
        let seconds = report.took.as_secs_f64();
        let result = result(control, as_told);
        let line = format!("  {number}: {result} in {seconds:.1} s on {}", report.release);
        if as_told == control {
            self.out.good(line)
        } else {
            self.out.bad(line)
        }
        for swapped in &report.swapped {
            self.out.line(format!("     in another order: {swapped}"));
        }
        if number > 1 && as_told {
            return;
        }
        if let Some(deviation) = &report.deviation {
            let play::Deviation { line, text, what } = deviation;
            self.out.line(format!("     left the story at line {line}, `{text}`: {what}"));
        }
        for (path, reads) in &report.reads {
            let reads = reads.iter().map(|(server, read)| match read {
                Ok(value) => format!("{server} {}", show(value.as_ref())),
                Err(what) => format!("{server} ({what})"),
            });
            let reads = reads.collect::<Vec<_>>().join(", ");
            self.out.line(format!("     {path} after sync: {reads}"));
        }
        for (path, queue) in &report.queues {
            let queue = queue.iter().map(|(client, server, has)| match has {
                Ok(true) => format!("{client} has it at {server}"),
                Ok(false) => format!("{client} waits at {server}"),
                Err(what) => format!("{client} does not know ({what})"),
            });
            let queue = queue.collect::<Vec<_>>().join(", ");
            self.out.line(format!("     {path} after sync: {queue}"));
        }
        for server in &report.servers {
            self.out.remark(format!("     {server}"));
        }
        for line in &report.log {
            self.out.remark(format!("     {line}"));
        }
    }

    fn sum_up(&self, part: &Part<'_>, counts: Counts, times: &mut [Duration]) {
        let times = summary(times).expect("it was carried out");
        let of = self.args.times;
        if part.is_control {
            let difference = &part.difference;
            self.out
                .line(format!("  control ({difference}): kept {} of {of}, {times}", counts.kept));
        } else {
            self.out.line(format!("  confirmed {} of {of}, {times}", counts.confirmed));
        }
    }
}

/// How long executions took, if there was one.
fn summary(times: &mut [Duration]) -> Option<String> {
    times.sort();
    let (median, last) = (times.get(times.len() / 2)?.as_secs_f64(), times.last()?.as_secs_f64());
    Some(format!("median {median:.1} s, at most {last:.1} s"))
}

/// A name of which the path of a socket has room for.
fn short(name: &str) -> String {
    let hash = || format!("-{:08x}", crc32fast::hash(name.as_bytes()));
    let is_short = name.len() <= NAME_MAX;
    let start: String = name.chars().take(NAME_MAX).collect();
    if is_short { start } else { start + &hash() }
}

/// How much of a case's name is kept.
const NAME_MAX: usize = 24;

const fn result(control: bool, as_told: bool) -> &'static str {
    match (control, as_told) {
        (false, true) => "confirmed",
        (false, false) => "refuted",
        (true, true) => "control kept",
        (true, false) => "control not kept",
    }
}

fn to_json(report: &Report, control: bool, as_told: bool) -> Value {
    let reads = report.reads.iter().map(|(path, reads)| {
        let reads = reads.iter().map(|(server, read)| {
            let read = match read {
                Ok(value) => json!({ "value": value }),
                Err(what) => json!({ "error": what }),
            };
            (server.to_string(), read)
        });
        (path.clone(), reads.collect::<serde_json::Map<_, _>>())
    });
    let locks = report.queues.iter().map(|(path, queue)| {
        let queue = queue.iter().map(|(client, server, has)| match has {
            Ok(has) => json!({ "client": client, "server": server.to_string(), "has": has }),
            Err(what) => json!({ "client": client, "error": what }),
        });
        (path.clone(), queue.collect())
    });
    let deviation = report.deviation.as_ref().map(|deviation| {
        json!({ "line": deviation.line, "text": deviation.text, "what": deviation.what })
    });
    json!({
        "result": result(control, as_told),
        "release": report.release,
        "seconds": report.took.as_secs_f64(),
        "deviation": deviation,
        "another_order": report.swapped,
        "reads": reads.map(|(path, reads)| (path, json!(reads))).collect::<serde_json::Map<_, _>>(),
        "locks": locks.collect::<serde_json::Map<_, _>>(),
        "servers": report.servers,
        "log": report.log,
    })
}
