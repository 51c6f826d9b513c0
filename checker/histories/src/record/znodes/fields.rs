//! The fields of values: those that are there, and none that are not known.

use crate::format::Datum;
use crate::model::register::Value;
use crate::model::znode::Stat;
use crate::record::Names;
use std::sync::Arc;

/// A map with fields.
#[derive(Copy, Clone, Debug)]
pub(super) struct Fields<'a>(pub(super) Datum<'a>);

/// Refuses fields that are not among these. One whose name begins with `_` is a comment.
pub(super) fn only(value: Datum<'_>, known: &[&str]) -> Result<(), String> {
    let is_known = |name: &str| known.contains(&name) || name.starts_with('_');
    let mut names = value.names().ok_or_else(|| {
        format!("value is {}, expected a map of {}", value.shown(), known.join(", "))
    })?;
    match names.find(|name| !name.text().is_some_and(is_known)) {
        None => Ok(()),
        Some(name) => Err(format!("unknown field {}, expected {}", name.shown(), known.join(", "))),
    }
}

/// Fields of a stat that are known: those that are judged, and then those that are not.
pub(super) const STAT: [&str; 15] = [
    "version",
    "cversion",
    "numChildren",
    "ephemeralOwner",
    "stat",
    "aversion",
    "czxid",
    "mzxid",
    "pzxid",
    "ctime",
    "mtime",
    "dataLength",
    "children_count",
    "data_length",
    "acl_version",
];

impl<'a> Fields<'a> {
    /// A field that is there and is not nil.
    pub(super) fn get(self, name: &str) -> Option<Datum<'a>> {
        self.0.get(name).filter(|value| !value.is_nil())
    }

    pub(super) fn path(self) -> Result<Arc<str>, String> {
        let path = self.get("path").and_then(Datum::text);
        let is_path = |path: &&str| {
            path.starts_with('/')
                && (path.len() == 1 || !path.ends_with('/'))
                && !path.contains("//")
        };
        path.filter(is_path).map(Arc::from).ok_or_else(|| {
            "value needs a path that begins with '/' and has no empty parts".to_owned()
        })
    }

    /// A flag that is false if it is not there.
    pub(super) fn flag(self, name: &str) -> Result<bool, String> {
        match self.get(name) {
            None => Ok(false),
            Some(flag) => flag.bool().ok_or_else(|| format!("{name} has to be true or false")),
        }
    }

    /// No data and empty data are the same.
    pub(super) fn data(self, names: &mut Names) -> Result<Value, String> {
        let data = self.0.get("data").ok_or("value needs data")?;
        if data.text() == Some("") {
            return Ok(Value::NIL);
        }
        Ok(names.value(data))
    }

    /// A version that is expected; -1 stands for any.
    pub(super) fn version(self) -> Result<Option<u32>, String> {
        match self.get("version").map(|version| (version, version.int())) {
            None | Some((_, Some(-1))) => Ok(None),
            Some((version, number)) => number
                .and_then(|number| u32::try_from(number).ok())
                .map(Some)
                .ok_or_else(|| format!("version is {}, expected a number", version.shown())),
        }
    }

    /// What it says of a node, by itself or in a field `stat`.
    pub(super) fn stat(self) -> Result<Stat, String> {
        if let Some(stat) = self.get("stat") {
            only(stat, &STAT)?;
            return Fields(stat).stat();
        }
        let owner = self.get("ephemeralOwner").map(|owner| match owner.int() {
            Some(number) => number != 0,
            None => !matches!(owner.text(), Some("0" | "0x0" | "")),
        });
        Ok(Stat {
            version: self.count("version")?,
            cversion: self.count("cversion")?,
            children: match self.count("numChildren")? {
                None => self.count("children_count")?,
                children => children,
            },
            is_ephemeral: owner,
        })
    }

    /// A number; -1 is one that wraps, as `cversion` of `/` does on a new server.
    fn count(self, name: &str) -> Result<Option<u32>, String> {
        let Some(count) = self.get(name) else { return Ok(None) };
        let number = count.int().and_then(|number| i32::try_from(number).ok());
        let number =
            number.ok_or_else(|| format!("{name} is {}, expected a number", count.shown()));
        number.map(|number| Some(number.cast_unsigned()))
    }
}
