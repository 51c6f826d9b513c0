//! Pairs invocations with completions while the lines of a file come in.

use super::{Names, Workload};
use crate::format::{self, Error, Field, Kind, Line};
use crate::linearizability::{Call, NEVER};
use std::io::Read;

/// An operation about which a file says nothing more.
#[derive(Copy, Clone, Debug)]
pub struct Settled<O> {
    /// How many operations were invoked before it.
    pub number: u32,
    /// The number of its key.
    pub key: u32,
    /// The operation. Times are places in the file.
    pub call: Call<O>,
    /// Nanoseconds of invocation and return, as far as the file says.
    pub times: [Option<u64>; 2],
    /// Whether it did not and will not take place.
    pub has_failed: bool,
}

/// Reads a file and hands out each operation as soon as its completion is read, those that have
/// none at the end: nothing is kept but what is open, and the names.
///
/// # Errors
///
/// If the file cannot be read, or any of its lines makes no sense: all of them are reported.
pub fn stream<W: Workload>(
    input: impl Read + Send,
    workload: W,
    sink: &mut impl FnMut(Settled<W::Op>),
) -> Result<Names, Error> {
    let names = Names::default();
    let mut pairing = Pairing { workload, names, waits: Vec::new(), events: 0, count: 0, sink };
    format::read(input, &mut |line| pairing.add(line))?;
    for waits in pairing.waits {
        if let Waits::For(settled) = waits {
            (pairing.sink)(settled);
        }
    }
    Ok(pairing.names)
}

/// What a process waits for.
#[derive(Debug, Default)]
enum Waits<O> {
    /// Nothing.
    #[default]
    Idle,
    /// An operation that was reported as malformed.
    Senseless,
    /// This operation.
    For(Settled<O>),
}

#[derive(Debug)]
struct Pairing<'a, W: Workload, S> {
    workload: W,
    names: Names,
    /// By process.
    waits: Vec<Waits<W::Op>>,
    events: u64,
    count: u32,
    sink: &'a mut S,
}

impl<W: Workload, S: FnMut(Settled<W::Op>)> Pairing<'_, W, S> {
    fn add(&mut self, line: &Line) -> Result<(), String> {
        let process = line.get(Field::Process).ok_or("the event has no process")?;
        let Some(number) = process.int() else {
            // Jepsen's nemesis, and whoever else is no client.
            return Ok(());
        };
        let kind = line.kind().ok_or("the type has to be invoke, ok, fail or info")?;
        let process = self.names.process(number);
        if self.waits.len() <= process as usize {
            self.waits.resize_with(process as usize + 1, Waits::default);
        }
        self.events += 1;
        let time = line.get(Field::Time).and_then(|time| time.int());
        let time = time.and_then(|time| u64::try_from(time).ok());
        let waits = &mut self.waits[process as usize];
        if kind == Kind::Invoke {
            if !matches!(waits, Waits::Idle) {
                let what = "invokes an operation while another one is open";
                return Err(format!("process {number} {what}"));
            }
            return self.invoke(process, line, time);
        }
        match std::mem::take(waits) {
            Waits::Idle => {
                Err(format!("process {number} completes an operation that it did not invoke"))
            }
            Waits::Senseless => Ok(()),
            Waits::For(settled) => self.complete(settled, kind, line, time),
        }
    }

    fn invoke(&mut self, process: u32, line: &Line, time: Option<u64>) -> Result<(), String> {
        let number = self.count;
        self.count = number.checked_add(1).ok_or("more than 4 billion operations")?;
        // If the line makes no sense, what completes it is not to blame.
        self.waits[process as usize] = Waits::Senseless;
        let (key, op) = self.workload.invoke(line, &mut self.names)?;
        let call = Call { process, invoked: self.events, returned: NEVER, op };
        let settled = Settled { number, key, call, times: [time, None], has_failed: false };
        self.waits[process as usize] = Waits::For(settled);
        Ok(())
    }

    fn complete(
        &mut self,
        mut settled: Settled<W::Op>,
        kind: Kind,
        line: &Line,
        time: Option<u64>,
    ) -> Result<(), String> {
        match kind {
            Kind::Ok => {
                settled.call.returned = self.events;
                settled.times[1] = time;
                self.workload.complete(&mut settled.call.op, line, &mut self.names)?;
            }
            Kind::Fail => settled.has_failed = true,
            Kind::Info | Kind::Invoke => {}
        }
        (self.sink)(settled);
        Ok(())
    }
}
