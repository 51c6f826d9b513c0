//! What can be held, made to fail or waited for: a file operation, a packet on its way.

use super::jute::quorum::Kind;
use std::fmt;
use zab_core::{NodeId, Zxid};

/// What a server does to a file, and what the gate says of a stopped thread.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Opened for writing.
    Open,
    /// Written to.
    Write,
    /// Written to, more than the header of a log or its padding: records.
    Append,
    /// Forced to the disk.
    Fsync,
    /// Cut or extended.
    Truncate,
    /// Given another name.
    Rename,
    /// Deleted.
    Remove,
    /// No file operation: a thread that was stopped.
    Stop,
}

/// Operations by the names that gate and scenarios have for them.
const OPERATIONS: [(&str, Operation); 8] = [
    ("open", Operation::Open),
    ("write", Operation::Write),
    ("append", Operation::Append),
    ("fsync", Operation::Fsync),
    ("truncate", Operation::Truncate),
    ("rename", Operation::Rename),
    ("remove", Operation::Remove),
    ("stop", Operation::Stop),
];

impl Operation {
    /// The operation of this name.
    pub fn named(name: &str) -> Option<Self> {
        OPERATIONS.iter().find(|(known, _)| *known == name).map(|(_, operation)| *operation)
    }
}

/// How many bytes of a log come before its records (`FileHeader`).
const HEADER: i64 = 16;

impl Operation {
    fn covers(self, what: &FileOperation) -> bool {
        match self {
            Self::Append => what.operation == Self::Write && what.number > HEADER,
            _ => self == what.operation,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, _) =
            OPERATIONS.iter().find(|(_, one)| one == self).expect("every operation has a name");
        f.write_str(name)
    }
}

/// One operation on one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileOperation {
    pub(crate) operation: Operation,
    pub(crate) name: String,
    pub(crate) new_name: Option<String>,
    pub(crate) number: i64,
}

impl fmt::Display for FileOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operation, self.name)?;
        self.new_name.as_ref().map_or(Ok(()), |to| write!(f, " to {to}"))
    }
}

/// The kinds of file in a server's folder.
pub(crate) const FILES: [&str; 5] = ["log", "snapshot", "acceptedEpoch", "currentEpoch", "any"];

/// Operations on files of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// One of `log`, `snapshot`, `acceptedEpoch`, `currentEpoch`, `any`.
    pub file: String,
    /// All operations, if there is none.
    pub operation: Option<Operation>,
}

impl Files {
    /// Whether this is one of them. The temporary file that becomes an epoch file counts as it.
    pub(crate) fn covers(&self, what: &FileOperation) -> bool {
        let of_kind = |name: &String| {
            self.file == "any" || name.split('.').next() == Some(self.file.as_str())
        };
        let named = of_kind(&what.name) || what.new_name.as_ref().is_some_and(of_kind);
        named && self.operation.is_none_or(|operation| operation.covers(what))
    }
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        self.operation.map_or(Ok(()), |operation| write!(f, " {operation}"))
    }
}

/// From one server to another.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// Who sends.
    pub from: NodeId,
    /// Who receives.
    pub to: NodeId,
}

impl Way {
    /// The other direction.
    #[must_use]
    pub const fn back(self) -> Self {
        Self { from: self.to, to: self.from }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} > {}", self.from, self.to)
    }
}

/// What travels between servers.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A vote.
    Notification,
    /// A packet between a learner and its leader.
    Packet(Kind),
}

impl Message {
    /// The message of this name.
    pub fn named(name: &str) -> Option<Self> {
        if name == "NOTIFICATION" {
            Some(Self::Notification)
        } else {
            Kind::named(name).map(Self::Packet)
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Notification => f.write_str("NOTIFICATION"),
            Self::Packet(kind) => kind.fmt(f),
        }
    }
}

/// Messages of one kind on one way.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Messages {
    /// The kind.
    pub message: Message,
    /// With any zxid, if there is none.
    pub zxid: Option<Zxid>,
    /// The way.
    pub way: Way,
}

impl Messages {
    /// Whether this is one of them.
    pub(crate) fn covers(&self, way: Way, message: Message, zxid: Zxid) -> bool {
        self.way == way && self.message == message && self.zxid.is_none_or(|wanted| wanted == zxid)
    }
}

impl fmt::Display for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if let Some(zxid) = self.zxid {
            write!(f, " {zxid}")?;
        }
        write!(f, " {}", self.way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(operation: Operation, name: &str, new_name: Option<&str>) -> FileOperation {
        let new_name = new_name.map(str::to_owned);
        FileOperation { operation, name: name.to_owned(), new_name, number: 0 }
    }

    #[test]
    fn an_epoch_file_is_also_the_temporary_one_that_becomes_it() {
        let epoch = Files { file: "currentEpoch".to_owned(), operation: None };
        assert!(epoch.covers(&operation(Operation::Write, "currentEpoch.tmp", None)));
        let rename = operation(Operation::Rename, "currentEpoch.tmp", Some("currentEpoch"));
        assert!(epoch.covers(&rename));
        assert!(!epoch.covers(&operation(Operation::Write, "acceptedEpoch.tmp", None)));
    }

    #[test]
    fn a_log_is_any_log_and_one_operation_is_no_other() {
        let writes = Files { file: "log".to_owned(), operation: Some(Operation::Write) };
        assert!(writes.covers(&operation(Operation::Write, "log.100000001", None)));
        assert!(!writes.covers(&operation(Operation::Fsync, "log.100000001", None)));
        assert!(!writes.covers(&operation(Operation::Write, "snapshot.0", None)));
    }
}
