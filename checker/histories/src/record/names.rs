//! Numbers for processes, keys and values that are not numbers already.

use crate::format::{Datum, Field, Kind, Line};
use crate::model::register::Value;
use rustc_hash::FxHashMap;
use serde_json::Value as Json;

/// What the numbers of a recorded history stand for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    processes: Vec<Process>,
    /// The number of each process whose name is a small number: nearly all are.
    small_processes: Vec<Option<u32>>,
    process_numbers: FxHashMap<Process, u32>,
    sessions: FxHashMap<String, u32>,
    keys: Vec<String>,
    int_keys: FxHashMap<i64, u32>,
    text_keys: FxHashMap<String, u32>,
    values: Vec<String>,
    value_numbers: FxHashMap<String, u32>,
    nemesis: Vec<Disturbance>,
}

/// What a file calls a process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Process {
    Number(i64),
    Text(String),
}

/// Something that Jepsen's nemesis did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Disturbance {
    /// After which event of a client.
    pub after: u64,
    /// What, as in `start-partition n1`.
    pub what: String,
    /// When, in nanoseconds.
    pub time: Option<u64>,
}

/// Processes below this are looked up in a table.
const SMALL: usize = 1 << 16;

/// The most disturbances that are kept.
const DISTURBANCES_MAX: usize = 100_000;

impl Names {
    /// A number stands for the same process as its digits do.
    pub(super) fn process(&mut self, process: Datum<'_>) -> Result<u32, String> {
        let text = || process.text().filter(|text| !text.is_empty());
        if let Some(number) = process.int().or_else(|| text()?.parse().ok()) {
            return Ok(self.process_of_number(number));
        }
        match text() {
            Some(text) => Ok(self.any_process(Process::Text(text.to_owned()))),
            None => Err("the process has to be a number, a string or a keyword".to_owned()),
        }
    }

    fn process_of_number(&mut self, number: i64) -> u32 {
        match usize::try_from(number) {
            Ok(small) if small < SMALL => {
                if let Some(Some(process)) = self.small_processes.get(small) {
                    return *process;
                }
                let process = self.any_process(Process::Number(number));
                let length = self.small_processes.len().max(small + 1);
                self.small_processes.resize(length, None);
                self.small_processes[small] = Some(process);
                process
            }
            _ => self.any_process(Process::Number(number)),
        }
    }

    fn any_process(&mut self, process: Process) -> u32 {
        if let Some(number) = self.process_numbers.get(&process) {
            return *number;
        }
        self.processes.push(process.clone());
        let number = narrow(self.processes.len() - 1);
        self.process_numbers.insert(process, number);
        number
    }

    /// The session of a line: what it says, or else its process.
    pub(super) fn session(&mut self, line: &Line) -> u32 {
        let session = line.get(Field::Session).filter(|session| !session.is_nil());
        let name = match (session, line.get(Field::Process)) {
            (Some(session), _) => format!("session {}", session.shown()),
            (None, Some(process)) => format!("process {}", process.shown()),
            (None, None) => String::new(),
        };
        let next = narrow(self.sessions.len());
        *self.sessions.entry(name).or_insert(next)
    }

    /// Keeps what the nemesis did, to be shown beside a violation.
    pub(super) fn note_nemesis(&mut self, after: u64, line: &Line, time: Option<u64>) {
        if self.nemesis.len() < DISTURBANCES_MAX {
            let value =
                line.value().map_or_else(String::new, |value| format!(" {}", value.shown()));
            let has_ended = if line.kind() == Some(Kind::Invoke) { " begins" } else { "" };
            let what = format!("{}{value}{has_ended}", line.f_shown());
            self.nemesis.push(Disturbance { after, what, time });
        }
    }

    /// What the nemesis did, in order.
    pub fn nemesis(&self) -> &[Disturbance] {
        &self.nemesis
    }

    pub(super) fn key(&mut self, key: Datum<'_>) -> u32 {
        if let Some(number) = key.int() {
            if let Some(key) = self.int_keys.get(&number) {
                return *key;
            }
            self.keys.push(number.to_string());
            let key = narrow(self.keys.len() - 1);
            self.int_keys.insert(number, key);
            return key;
        }
        let name = key.shown();
        if let Some(key) = self.text_keys.get(&name) {
            return *key;
        }
        self.keys.push(name.clone());
        let key = narrow(self.keys.len() - 1);
        self.text_keys.insert(name, key);
        key
    }

    /// Numbers stand for themselves, unless they are so small that they would stand for a name.
    pub(super) fn value(&mut self, value: Datum<'_>) -> Value {
        if value.is_nil() {
            return Value::NIL;
        }
        if let Some(number) = value.int().map(Value).filter(|value| value.0 >= Self::NUMBERS_FROM) {
            return number;
        }
        self.value_of_text(value.shown())
    }

    /// The value of a text.
    pub fn value_of_text(&mut self, name: String) -> Value {
        let place = match self.value_numbers.get(&name) {
            Some(place) => *place,
            None => {
                self.values.push(name.clone());
                let place = narrow(self.values.len() - 1);
                self.value_numbers.insert(name, place);
                place
            }
        };
        Value(Value::NAMED.0 + i64::from(place))
    }

    /// The least number that stands for itself.
    const NUMBERS_FROM: i64 = Value::NAMED.0 + Value::NAMES_MAX as i64 + 1;

    /// The process as the file calls it.
    pub fn process_name(&self, process: u32) -> String {
        match self.processes.get(process as usize) {
            Some(Process::Number(number)) => format!("p{number}"),
            Some(Process::Text(name)) => name.clone(),
            None => format!("p{process}"),
        }
    }

    /// The process as it stands in the file.
    pub(super) fn process_in_file(&self, process: u32) -> String {
        let name = self.process_json(process);
        name.as_str().map_or_else(|| name.to_string(), str::to_owned)
    }

    /// The key as the file calls it, if the file has keys.
    pub fn key_name(&self, key: u32) -> Option<&str> {
        self.keys.get(key as usize).map(String::as_str)
    }

    /// The process as it is written.
    pub(crate) fn process_json(&self, process: u32) -> Json {
        match self.processes.get(process as usize) {
            Some(Process::Number(number)) => Json::from(*number),
            Some(Process::Text(name)) => Json::from(name.as_str()),
            None => Json::from(process),
        }
    }

    /// The key as it is written: a number if it was one.
    pub(crate) fn key_json(&self, key: u32) -> Option<Json> {
        let name = self.keys.get(key as usize)?;
        let number = name.parse().ok().filter(|number| self.int_keys.contains_key(number));
        Some(number.map_or_else(|| Json::from(name.as_str()), Json::from))
    }

    /// The value as it is written.
    pub(crate) fn value_json(&self, value: Value) -> Json {
        match (value, value.name()) {
            (Value::NIL, _) => Json::Null,
            (_, Some(name)) => self.values.get(name).map_or(Json::Null, |v| Json::from(v.as_str())),
            (Value(number), None) => Json::from(number),
        }
    }

    /// A text in which values stand as the file calls them.
    pub fn with_values(&self, text: &str) -> String {
        if self.values.is_empty() {
            return text.to_owned();
        }
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('#') {
            shown.push_str(&rest[..at]);
            let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
            let number: Option<usize> = rest[at + 1..at + 1 + digits].parse().ok();
            match number.and_then(|number| self.values.get(number)) {
                Some(name) => shown.push_str(name),
                None => shown.push_str(&rest[at..at + 1 + digits]),
            }
            rest = &rest[at + 1 + digits..];
        }
        shown + rest
    }
}

fn narrow(length: usize) -> u32 {
    u32::try_from(length).expect("a history has less than 2^32 names")
}
