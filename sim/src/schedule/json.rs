//! The JSON form: for people, one action a line.
//!
//! Reading is strict. A typo or a number out of range is an error of one line that says what is
//! wrong, where, and what would be right.

use super::{Act, Action, Directories, FORMAT, Kind, Schedule, ScheduleError, Workload};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// A schedule as it stands in JSON, before its numbers are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unchecked {
    version: u16,
    seed: u64,
    servers: u8,
    #[serde(default)]
    directories: Directories,
    #[serde(default)]
    workload: Workload,
    actions: Vec<Action>,
}

impl TryFrom<Unchecked> for Schedule {
    type Error = ScheduleError;

    fn try_from(json: Unchecked) -> Result<Self, ScheduleError> {
        let Unchecked { version, seed, servers, directories, workload, actions } = json;
        let schedule = Self { version, seed, servers, directories, workload, actions };
        schedule.validate()?;
        Ok(Self { version: FORMAT, ..schedule })
    }
}

/// The version alone: a newer format may differ in everything else.
#[derive(Deserialize)]
struct Version {
    version: u16,
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By hand, since a flattened enum would let unknown fields pass.
        let mut fields = deserializer.deserialize_map(Fields)?;
        let at_us = fields.remove("at_us").ok_or_else(|| D::Error::missing_field("at_us"))?;
        let at_us = u64::deserialize(&at_us)
            .map_err(|error| D::Error::custom(format!("at_us: {error}")))?;
        if let Some(Value::String(name)) = fields.get_mut("do")
            && let Some(kind) = Kind::named(name)
        {
            *name = kind.name().to_owned();
        }
        let only_do = fields.len() == 1;
        let act = Act::deserialize(Value::Object(fields)).map_err(D::Error::custom)?;
        if act == Act::HealAll && !only_do {
            return Err(D::Error::custom("heal-all has no fields but at_us, remove the others"));
        }
        Ok(Self { at_us, act })
    }
}

/// Reads the fields of an action, each at most once.
struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an action, as {\"at_us\": 200, \"do\": \"heal-all\"}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut fields = Map::new();
        while let Some((name, value)) = entries.next_entry::<String, Value>()? {
            if fields.insert(name.clone(), value).is_some() {
                return Err(A::Error::custom(format!("{name} is given twice, remove one")));
            }
        }
        Ok(fields)
    }
}

/// Compact JSON with a space after each colon and comma.
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_object_key<W: std::io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: std::io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

impl Action {
    /// The action as a JSON object on one line.
    pub fn to_json(&self) -> String {
        let mut line = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut line, Spaced);
        self.serialize(&mut serializer).expect("an action has string keys and plain numbers");
        String::from_utf8(line).expect("JSON is UTF-8")
    }
}

impl Schedule {
    /// Reads the JSON form.
    pub fn from_json(text: &str) -> Result<Self, ScheduleError> {
        let json = |error: serde_json::Error| ScheduleError::Json(error.to_string());
        let Version { version } = serde_json::from_str(text).map_err(json)?;
        if version > FORMAT {
            return Err(ScheduleError::Version(version));
        }
        Self::try_from(serde_json::from_str::<Unchecked>(text).map_err(json)?)
    }

    /// Writes the JSON form, one action a line.
    pub fn to_json(&self) -> String {
        let Self { version, seed, servers, directories, workload, actions } = self;
        let lines: Vec<String> =
            actions.iter().map(|action| format!("\n    {}", action.to_json())).collect();
        let end = if lines.is_empty() { "" } else { "\n  " };
        let directories = match directories {
            Directories::Lenient => "",
            Directories::Strict => "\n  \"directories\": \"strict\",",
        };
        let workload = match workload {
            Workload::Registers => "",
            Workload::Locks => "\n  \"workload\": \"locks\",",
            Workload::LocalLocks => "\n  \"workload\": \"local-locks\",",
        };
        format!(
            "{{\n  \"version\": {version},\n  \"seed\": {seed},\n  \"servers\": {servers},\
             {directories}{workload}\n  \"actions\": [{}{end}]\n}}\n",
            lines.join(","),
        )
    }
}
