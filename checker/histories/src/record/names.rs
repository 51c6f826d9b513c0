//! Numbers for processes, keys and values that are not numbers already.

use crate::format::Datum;
use crate::model::register::Value;
use rustc_hash::FxHashMap;
use serde_json::Value as Json;

/// What the numbers of a recorded history stand for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    processes: Vec<i64>,
    /// The number of each process whose name is a small number: nearly all are.
    small_processes: Vec<Option<u32>>,
    process_numbers: FxHashMap<i64, u32>,
    keys: Vec<String>,
    int_keys: FxHashMap<i64, u32>,
    text_keys: FxHashMap<String, u32>,
    values: Vec<String>,
    value_numbers: FxHashMap<String, u32>,
}

/// Processes below this are looked up in a table.
const SMALL: usize = 1 << 16;

impl Names {
    pub(super) fn process(&mut self, number: i64) -> u32 {
        match usize::try_from(number) {
            Ok(small) if small < SMALL => {
                if let Some(Some(process)) = self.small_processes.get(small) {
                    return *process;
                }
                let process = self.any_process(number);
                let length = self.small_processes.len().max(small + 1);
                self.small_processes.resize(length, None);
                self.small_processes[small] = Some(process);
                process
            }
            _ => self.any_process(number),
        }
    }

    fn any_process(&mut self, number: i64) -> u32 {
        *self.process_numbers.entry(number).or_insert_with(|| {
            self.processes.push(number);
            narrow(self.processes.len() - 1)
        })
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
        let name = shown(key);
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
        let name = shown(value);
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
            Some(number) => format!("p{number}"),
            None => format!("p{process}"),
        }
    }

    /// The key as the file calls it, if the file has keys.
    pub fn key_name(&self, key: u32) -> Option<&str> {
        self.keys.get(key as usize).map(String::as_str)
    }

    /// The number of the process in the file.
    pub fn process_number(&self, process: u32) -> i64 {
        self.processes.get(process as usize).copied().unwrap_or(i64::from(process))
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

fn shown(datum: Datum<'_>) -> String {
    datum.text().map_or_else(|| datum.to_edn(), str::to_owned)
}

fn narrow(length: usize) -> u32 {
    u32::try_from(length).expect("a history has less than 2^32 names")
}
