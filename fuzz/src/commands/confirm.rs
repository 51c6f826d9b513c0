//! `zab confirm`: carry a case or a scenario out on real servers.

use super::output::Out;
use super::{CASES, Exit, Failure};
use std::path::PathBuf;

/// Carry a case or a scenario out on real ZooKeeper servers, and see whether they lose what it claims
///
/// Starts an ensemble on the loopback interface, carries out the scenario step by step, and reads
/// every server after `sync`. Without --zookeeper the release is Debian's 3.8.0 (`apt-get install
/// libzookeeper-java default-jre-headless`).
///
/// A case is run in the model of the server's release first. If it loses something there, the
/// execution is translated into a scenario, event by event, and that is carried out; its control is
/// the case without one of its faults, translated the same way. `--print` shows the scenario, to read
/// or to edit.
///
/// Ends with 1 if all are confirmed, 5 if all are refuted, 3 if one is not expressible or executions
/// differ, 4 without Java or a server. With --all it ends with 1 if one is confirmed, and with 5 if all
/// that are expressible are refuted.
///
/// Example: `cargo zab confirm fuzz/cases/O1/zk-3.8.0--unflushed-start.json --control --times 10`
#[derive(Debug, clap::Args)]
#[command(after_long_help = LANGUAGE)]
pub(super) struct Args {
    /// Cases that `zab hunt` wrote, and scenarios: text files, one verb per line
    #[arg(required_unless_present = "all", value_name = "CASE|SCENARIO")]
    scenarios: Vec<PathBuf>,
    /// Every case in this folder
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, default_missing_value = CASES)]
    all: Option<PathBuf>,
    /// Another release: its number, as in 3.9.5, if `fuzz/fetch-zookeeper` has fetched it, or a folder of
    /// jars, such as `lib` of a binary release
    #[arg(long, value_name = "RELEASE|DIR")]
    zookeeper: Option<PathBuf>,
    /// What a case upgrades servers to, which boot with the release of --zookeeper
    #[arg(long, value_name = "RELEASE|DIR")]
    upgrade: Option<PathBuf>,
    /// Carry each out this many times
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
    /// Carry out the control of each as well, which must keep what the scenario loses
    #[arg(long)]
    control: bool,
    /// How long to wait for a step before concluding that the servers have departed from the scenario
    /// [default: 20, or what the scenario says]. A busy machine needs more, and its leaders wait longer
    /// for others in proportion (`initLimit`)
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    patience: Option<u64>,
    /// Print the scenario that each case is translated into, and carry nothing out
    #[arg(long)]
    print: bool,
    /// Write into each case how often it was confirmed, and on which release
    #[arg(long)]
    record: bool,
    /// Keep the folder of each execution, with the servers' files and logs, the trace and the reads
    #[arg(long)]
    keep: bool,
}

const LANGUAGE: &str = "\
A scenario, line by line (# begins a comment, the first one is the title):
  servers 3|5|7        set NAME VALUE (zoo.cfg)   property NAME VALUE   patience SECONDS
  directories strict   a file system on which an fsync of a file does nothing for its name
  boot                 start all for the first time; the last server leads epoch 1
  start|kill|power|settle|blank S0 …   power: and files as their last fsync left them;
                       settle: the kernel writes everything back; blank: who is down has an empty disk
  install S0 … new|old their next process is of the release of --upgrade, or of the one that boots
  journal S0 … [names|log|snapshot]    durable: what files are called, and where they were cut
  sweep S0 …           who is down has no log file without a header
  hold|release S0 … log|snapshot|acceptedEpoch|currentEpoch|any [open|write|append|fsync|truncate|rename|remove]
  hold|release S0 … thread NAME
  hold|release ACK [<1,4>] S0 > S2   any packet of the quorum protocol, or NOTIFICATION
  fail S0 … log fsync EIO|ENOSPC|EROFS   mend S0 … log fsync
  cut S0 S1   cut S0 > S1   heal [S0 S1]   reset S0 S1
  connect c0 S2   ask c0 S2 create|set|delete|get|sync PATH [DATA|x*1000 [if VERSION]]
  answer c0 [VALUE|-]   unanswered c0
  do c0 S2 create /x 1   read|sync-read S2 /x VALUE|-
  wait S0 … looking|following|leading|down|serves
  wait S0 … log|logged|not-logged|durable|applied <1,4>   wait S0 … acceptedEpoch|currentEpoch 2
  wait S0 … held log write   wait S0 … held thread NAME   wait S0 … failed log write
  wait S0 … says WORDS (in its log)   wait S0 … in Leader.lead (a Java method)
  wait ACK [<1,4>] S0 > S2 [held|passed|lost]
  gate                 from now on nothing passes and no log is written, but as far as a line says:
  pass ACK [<1,4>] S0 > S2   vote S0 S2 …   mute S0 …   write|flush S0 <1,4>   end S0 > S2
  recover              let everything happen, start who is down, wait for all
  claim lost PATH VALUE   claim differ PATH
`all` names every server. A line that begins with - is not in the control, one with + only there.";

#[cfg(not(lab))]
pub(super) fn run(args: &Args, _out: &Out) -> Result<Exit, Failure> {
    let Args { scenarios, all, zookeeper, upgrade, times, control, patience, print, record, keep } =
        args;
    let _ = (scenarios, all, zookeeper, upgrade, times, control, patience, print, record, keep);
    Err(Failure::harness("real servers need Linux and glibc, on x86-64 or AArch64"))
}

#[cfg(lab)]
mod beside;
#[cfg(lab)]
mod lab;
#[cfg(lab)]
mod overview;
#[cfg(lab)]
mod subject;
#[cfg(lab)]
pub(super) use lab::run;
#[cfg(lab)]
pub(super) use subject::scenario;
