//! The errors that ZooKeeper answers with: `KeeperException.Code`.

use std::fmt;

/// Why nothing was done.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// The node, or the parent, is not there.
    NoNode,
    /// The node is there already.
    NodeExists,
    /// The node has another version.
    BadVersion,
    /// The node has children.
    NotEmpty,
    /// The parent is ephemeral.
    NoChildrenForEphemerals,
    /// Something that the tree does not know of: ACLs, quotas, a malformed request.
    Other(&'static str),
}

/// What the name of an error means for an operation.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// It was done.
    Ok,
    /// It was not done.
    Refused(ErrorCode),
    /// Nobody knows whether it was done.
    Open,
}

/// Names and numbers of `KeeperException.Code`.
const CODES: [(&str, i64, Code); 33] = [
    ("Ok", 0, Code::Ok),
    ("SystemError", -1, Code::Open),
    ("RuntimeInconsistency", -2, other("RuntimeInconsistency")),
    ("DataInconsistency", -3, Code::Open),
    ("ConnectionLoss", -4, Code::Open),
    ("MarshallingError", -5, other("MarshallingError")),
    ("Unimplemented", -6, other("Unimplemented")),
    ("OperationTimeout", -7, Code::Open),
    ("BadArguments", -8, other("BadArguments")),
    ("NewConfigNoQuorum", -13, other("NewConfigNoQuorum")),
    ("ReconfigInProgress", -14, other("ReconfigInProgress")),
    ("UnknownSession", -12, other("UnknownSession")),
    ("APIError", -100, other("APIError")),
    ("NoNode", -101, Code::Refused(ErrorCode::NoNode)),
    ("NoAuth", -102, other("NoAuth")),
    ("BadVersion", -103, Code::Refused(ErrorCode::BadVersion)),
    ("NoChildrenForEphemerals", -108, Code::Refused(ErrorCode::NoChildrenForEphemerals)),
    ("NodeExists", -110, Code::Refused(ErrorCode::NodeExists)),
    ("NotEmpty", -111, Code::Refused(ErrorCode::NotEmpty)),
    // The client gets this for what it had sent before, too.
    ("SessionExpired", -112, Code::Open),
    ("InvalidCallback", -113, other("InvalidCallback")),
    ("InvalidACL", -114, other("InvalidACL")),
    ("AuthFailed", -115, Code::Open),
    ("Closing", -116, Code::Open),
    ("Nothing", -117, other("Nothing")),
    ("SessionMoved", -118, other("SessionMoved")),
    ("NotReadOnly", -119, other("NotReadOnly")),
    ("EphemeralOnLocalSession", -120, other("EphemeralOnLocalSession")),
    ("NoWatcher", -121, other("NoWatcher")),
    ("RequestTimeout", -122, Code::Open),
    ("ReconfigDisabled", -123, other("ReconfigDisabled")),
    ("QuotaExceeded", -125, other("QuotaExceeded")),
    ("ThrottledOp", -127, other("ThrottledOp")),
];

const fn other(name: &'static str) -> Code {
    Code::Refused(ErrorCode::Other(name))
}

impl ErrorCode {
    /// Whether the state of the tree decides about it.
    pub const fn is_of_the_tree(self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

impl Code {
    /// The code of a name, as ZooKeeper (`NoNode`, `NONODE`), its C client (`ZNONODE`), and kazoo
    /// (`NoNodeError`) write it, or of a number.
    pub fn parse(name: &str) -> Option<Self> {
        if let Ok(number) = name.parse::<i64>() {
            return CODES.iter().find(|code| code.1 == number).map(|code| code.2);
        }
        let plain = |name: &str| -> String {
            let letters = name.chars().filter(char::is_ascii_alphanumeric);
            letters.map(|letter| letter.to_ascii_lowercase()).collect()
        };
        let wanted = plain(name);
        let wanted = wanted.strip_suffix("exception").unwrap_or(&wanted);
        CODES.iter().find_map(|(name, _, code)| {
            let name = plain(name);
            let is_it = wanted == name
                || wanted.strip_suffix("error") == Some(&name)
                || wanted.strip_prefix('z') == Some(&name);
            is_it.then_some(*code)
        })
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoNode => "NoNode",
            Self::NodeExists => "NodeExists",
            Self::BadVersion => "BadVersion",
            Self::NotEmpty => "NotEmpty",
            Self::NoChildrenForEphemerals => "NoChildrenForEphemerals",
            Self::Other(name) => name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_code_is_known() {
        let no_node = Some(Code::Refused(ErrorCode::NoNode));
        for name in ["NoNode", "NONODE", "NoNodeError", "NoNodeException", "ZNONODE", "-101"] {
            assert_eq!(Code::parse(name), no_node, "{name}");
        }
        assert_eq!(Code::parse("SystemError"), Some(Code::Open));
        assert_eq!(Code::parse("CONNECTION_LOSS"), Some(Code::Open));
        assert_eq!(Code::parse("Ok"), Some(Code::Ok));
        assert_eq!(Code::parse("NoSuchNode"), None);
    }
}
