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
/// returns; 4 without Java or a server.
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
    let _ = (args.seed, args.time, args.memory);
    Err(Failure::harness("real servers need Linux and glibc, on x86-64 or AArch64"))
}

#[cfg(lab)]
pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    use super::{check_servers, quoted};
    use crate::real::{Ensemble, Java, Setup, Timeline, record};
    use zab_sim::schedule::Kind;
    check_servers(args.servers)?;
    let schedule = args.schedule.as_deref().map(super::read_schedule).transpose()?;
    let servers = schedule.as_ref().map_or(args.servers.unwrap_or(3), |schedule| schedule.servers);
    let timeline = schedule
        .as_ref()
        .map_or_else(|| Timeline::draw(args.faults, args.seed, servers), Timeline::of);
    let left_out: Vec<_> = timeline.left_out().map(Kind::name).collect();
    if !left_out.is_empty() {
        out.remark(format!("left out of the schedule: {}", left_out.join(", ")));
    }
    let java = Java::find(args.zookeeper.as_deref()).map_err(Failure::harness)?;
    let file = std::fs::File::create(&args.out).map_err(|error| {
        Failure::usage(format!("{}: cannot write: {error}", args.out.display()))
    })?;
    let folder = std::env::temp_dir().join(format!("zab-record-{}", std::process::id()));
    let failure = |what: &dyn std::fmt::Display| {
        Failure::harness(format!("{what}: see {}", folder.display()))
    };
    std::fs::create_dir_all(&folder).map_err(|error| failure(&error))?;
    let mut setup = Setup::of(servers);
    setup.be_patient(record::STANDSTILL);
    // A local session ends where its client goes to another server.
    setup.settings.push(("localSessionsEnabled".to_owned(), "false".to_owned()));
    let mut ensemble = Ensemble::new(java, &setup, &folder).map_err(|what| failure(&what))?;
    ensemble.boot().map_err(|what| failure(&what))?;
    let plan = record::Plan {
        operations: args.operations,
        clients: args.clients,
        nodes: args.nodes,
        timeline,
        seed: args.seed,
    };
    let history = std::io::BufWriter::new(file);
    record::record(&mut ensemble, &plan, history).map_err(|what| failure(&what))?;
    let seconds = ensemble.elapsed().as_secs_f64();
    drop(ensemble);
    out.remark(format!("recorded in {seconds:.1} s: {}", quoted(&args.out)));
    let exit = judge(args, out)?;
    if exit == Exit::Clean {
        std::fs::remove_dir_all(&folder).map_err(|error| failure(&error))?;
    } else {
        out.line(format!("logs and files of the servers: {}", folder.display()));
    }
    Ok(exit)
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
