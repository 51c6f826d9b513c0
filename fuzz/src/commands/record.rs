//! `zab record`: what clients are told by real servers under faults.

use super::check::{MEMORY, TIME, size};
use super::output::Out;
use super::{Exit, Failure};
use std::path::PathBuf;
use std::time::Duration;

/// Record a client history from real ZooKeeper servers under faults, and judge it
///
/// Clients create, set, delete, read and sync on a few nodes, some of it in a multi, while servers lose
/// power, are killed, cut off and started again. Clients move their sessions from server to server.
/// What they observed is written as JSON Lines and given to `zab check`, whose exit code this command
/// returns; 4 without Java or a server, 5 if the servers leave a story.
///
/// Example: `cargo zab record --operations 10000 --out history.jsonl`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to write the history
    #[arg(long, default_value = "history.jsonl", value_name = "FILE")]
    out: PathBuf,
    /// Another release: its number, as in 3.9.5, if `fuzz/fetch-zookeeper` has fetched it, or a folder of
    /// jars, such as `lib` of a binary release
    #[arg(long, value_name = "RELEASE|DIR")]
    zookeeper: Option<PathBuf>,
    /// How many servers [default: 3, or those of the schedule]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(3..=5))]
    servers: Option<u8>,
    /// How many operations
    #[arg(long, default_value_t = 2000, value_name = "N")]
    operations: u64,
    /// How many clients work concurrently
    #[arg(long, default_value_t = 6, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100))]
    clients: u64,
    /// How many nodes they work on
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100))]
    nodes: u64,
    /// How many faults, one after the other
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u64).range(..=1000))]
    faults: u64,
    /// Take the faults from this case or schedule instead, stretched over the recording
    #[arg(long, value_name = "FILE", conflicts_with_all = ["faults", "servers"])]
    schedule: Option<PathBuf>,
    /// Carry out a case or a scenario instead, as `zab confirm` does: clients only read until it is over
    #[arg(long, value_name = "CASE|SCENARIO", conflicts_with_all = ["faults", "servers", "schedule"])]
    story: Option<PathBuf>,
    /// Seed of the operations and faults
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Time limit of `zab check`
    #[arg(long, default_value = TIME, value_name = "TIME", value_parser = humantime::parse_duration)]
    time: Duration,
    /// Approximate memory limit of `zab check`, as in 512M or 4G
    #[arg(long, default_value = MEMORY, value_name = "SIZE", value_parser = size)]
    memory: usize,
}

#[cfg(not(lab))]
pub(super) fn run(args: &Args, _out: &Out) -> Result<Exit, Failure> {
    let Args { out, zookeeper, servers, operations, clients, nodes, faults, schedule, .. } = args;
    let _ = (out, zookeeper, servers, operations, clients, nodes, faults, schedule);
    let _ = (&args.story, args.seed, args.time, args.memory);
    Err(Failure::harness("real servers need Linux and glibc, on x86-64 or AArch64"))
}

#[cfg(lab)]
pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    super::check_servers(args.servers)?;
    let folder = std::env::temp_dir().join(format!("zab-record-{}", std::process::id()));
    let failure = |what: &dyn std::fmt::Display| {
        Failure::harness(format!("{what}: see {}", folder.display()))
    };
    let java = crate::real::Java::find(args.zookeeper.as_deref()).map_err(Failure::harness)?;
    let file = std::fs::File::create(&args.out).map_err(|error| {
        Failure::usage(format!("{}: cannot write: {error}", args.out.display()))
    })?;
    let is_told = match &args.story {
        Some(path) => {
            let scenario = super::confirm::scenario(path, &java)?;
            drop(file);
            std::fs::create_dir_all(&folder).map_err(|error| failure(&error))?;
            lab::story(args, (scenario, java), &folder, out).map_err(|what| failure(&what))?
        }
        None => {
            let (setup, timeline) = lab::faults(args, out)?;
            std::fs::create_dir_all(&folder).map_err(|error| failure(&error))?;
            lab::work(args, (setup, timeline, java), (&folder, file), out)
                .map_err(|what| failure(&what))?;
            true
        }
    };
    let exit = judge(args, out)?;
    if exit == Exit::Clean && is_told {
        std::fs::remove_dir_all(&folder).map_err(|error| failure(&error))?;
    } else {
        out.line(format!("logs and files of the servers: {}", folder.display()));
    }
    Ok(if is_told { exit } else { Exit::NotReproduced })
}

/// What is recorded where there is a gate.
#[cfg(lab)]
mod lab {
    use super::super::{quoted, read_schedule};
    use super::{Args, Failure, Out};
    use crate::real::record::{self, Plan};
    use crate::real::{Ensemble, HISTORY, Java, Scenario, Setup, Timeline};
    use std::fs::File;
    use std::path::Path;
    use zab_sim::schedule::Kind;

    /// Servers, and what is done to them.
    pub(super) fn faults(args: &Args, out: &Out) -> Result<(Setup, Timeline), Failure> {
        let schedule = args.schedule.as_deref().map(read_schedule).transpose()?;
        let servers =
            schedule.as_ref().map_or(args.servers.unwrap_or(3), |schedule| schedule.servers);
        let timeline = schedule
            .as_ref()
            .map_or_else(|| Timeline::draw(args.faults, args.seed, servers), Timeline::of);
        let left_out: Vec<_> = timeline.left_out().map(Kind::name).collect();
        if !left_out.is_empty() {
            out.remark(format!("left out of the schedule: {}", left_out.join(", ")));
        }
        let mut setup = Setup::of(servers);
        setup.be_patient(record::STANDSTILL);
        // A local session ends where its client goes to another server.
        setup.settings.push(("localSessionsEnabled".to_owned(), "false".to_owned()));
        Ok((setup, timeline))
    }

    fn plan(args: &Args, timeline: Timeline) -> Plan {
        let Args { operations, clients, nodes, seed, .. } = *args;
        Plan { operations, clients, nodes, timeline, seed }
    }

    /// Records clients at work while this is done to servers.
    pub(super) fn work(
        args: &Args,
        (setup, timeline, java): (Setup, Timeline, Java),
        (folder, file): (&Path, File),
        out: &Out,
    ) -> Result<(), String> {
        let failure = |what: crate::real::Trouble| what.to_string();
        let mut ensemble = Ensemble::new(java, &setup, folder).map_err(failure)?;
        ensemble.boot().map_err(failure)?;
        let history = std::io::BufWriter::new(file);
        record::record(&mut ensemble, &plan(args, timeline), history).map_err(failure)?;
        recorded(args, &ensemble, out);
        Ok(())
    }

    /// Records clients while a scenario is carried out, and says whether it was as told.
    pub(super) fn story(
        args: &Args,
        (mut scenario, java): (Scenario, Java),
        folder: &Path,
        out: &Out,
    ) -> Result<bool, String> {
        let failure = |what: crate::real::Trouble| what.to_string();
        scenario.setup.be_patient(record::STANDSTILL);
        let mut ensemble = Ensemble::new(java, &scenario.setup, folder).map_err(failure)?;
        let timeline = Timeline::draw(0, args.seed, scenario.setup.servers);
        let report = record::record_story(&mut ensemble, &scenario, &plan(args, timeline));
        let report = report.map_err(failure)?;
        match &report.deviation {
            Some(one) => out
                .bad(format!("left the story at line {}, `{}`: {}", one.line, one.text, one.what)),
            None if report.confirms() => out.good(format!("as told on {}", report.release)),
            None => out.bad(format!("walked to the end on {}, and kept it", report.release)),
        }
        std::fs::copy(folder.join(HISTORY), &args.out).map_err(|error| error.to_string())?;
        recorded(args, &ensemble, out);
        Ok(report.confirms())
    }

    fn recorded(args: &Args, ensemble: &Ensemble, out: &Out) {
        let seconds = ensemble.elapsed().as_secs_f64();
        out.remark(format!("recorded in {seconds:.1} s: {}", quoted(&args.out)));
    }
}

/// Has `zab check` judge the history: another process, so that it is the same command for everybody.
#[cfg(lab)]
fn judge(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let mut command =
        std::process::Command::new(std::env::current_exe().map_err(Failure::harness)?);
    command.arg("check").arg(&args.out).args(["--model", "zookeeper"]);
    command.args(["--time", &super::typed(args.time), "--memory", &args.memory.to_string()]);
    if out.is_json() {
        command.args(["--format", "json"]);
    }
    let status = command.status().map_err(Failure::harness)?;
    match status.code() {
        Some(0) => Ok(Exit::Clean),
        Some(1) => Ok(Exit::Violation),
        Some(3) => Ok(Exit::Inconclusive),
        _ => Err(Failure::harness(format!("zab check ended with {status}"))),
    }
}
