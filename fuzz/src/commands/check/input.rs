//! What is judged: a file, a folder of Jepsen's, or standard input.

use super::super::Failure;
use super::{Model, name_of, plain};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zab_checker::format::Error;
use zab_checker::record::{self, Likely};

/// Where a history comes from.
#[derive(Clone, Debug)]
pub(super) enum Input {
    File(PathBuf),
    Stdin,
}

/// Up to this many malformed lines are shown.
const SHOWN_MAX: usize = 10;

/// What Jepsen calls the history of a test, in its folder of `store/`.
const HISTORIES: [&str; 6] = [
    "history.edn",
    "history.edn.gz",
    "history.jsonl",
    "history.txt",
    "latest/history.edn",
    "latest/history.txt",
];

impl Input {
    pub(super) fn new(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Self::Stdin);
        }
        if !path.is_dir() {
            return Ok(Self::File(path.to_owned()));
        }
        let found = HISTORIES.iter().map(|name| path.join(name)).find(|path| path.is_file());
        found.map(Self::File).ok_or_else(|| {
            let what = format!("{}: a folder without history.edn or history.txt", path.display());
            Failure::usage(what)
        })
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "standard input".to_owned(),
        }
    }

    /// The file, if it can be read more than once.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) if path.metadata().is_ok_and(|metadata| metadata.is_file()) => {
                Some(path)
            }
            _ => None,
        }
    }

    pub(super) fn open(&self) -> Result<Box<dyn Read + Send>, Failure> {
        match self {
            Self::Stdin => Ok(Box::new(io::stdin())),
            Self::File(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(Failure::usage(format!("{}: cannot read: {error}", self.name()))),
            },
        }
    }

    /// Each malformed line is a line of the failure; if the file is likely to be about another
    /// model, that is all there is to say.
    pub(super) fn unreadable(&self, error: &Error, model: Model) -> Failure {
        let Error::Malformed(lines) = error else {
            return Failure::usage(format!("{}: {}", self.name(), plain(&error.to_string())));
        };
        let first = lines.first().map(|line| plain(&line.to_string())).unwrap_or_default();
        if let Some(likely) = self.likely().filter(|likely| !model.includes(*likely)) {
            return Failure::usage(format!(
                "{}: {first}; the file looks like --model {}",
                self.name(),
                name_of(&likely)
            ));
        }
        let shown = lines.iter().take(SHOWN_MAX);
        let shown = shown.map(|line| format!("{}: {}", self.name(), plain(&line.to_string())));
        let mut shown: Vec<_> = shown.collect();
        if let more @ 1.. = lines.len().saturating_sub(SHOWN_MAX) {
            shown.push(format!("and {more} lines more"));
        }
        Failure::usage(shown.join("\n"))
    }

    fn likely(&self) -> Option<Model> {
        let file = File::open(self.file()?).ok()?;
        let likely: Result<_, Error> = record::guess(file);
        Some(match likely.ok()?? {
            Likely::Register => Model::Register,
            Likely::CasRegister => Model::CasRegister,
            Likely::Kv => Model::Kv,
            Likely::Append => Model::Append,
            Likely::Mutex => Model::Mutex,
            Likely::Zookeeper => Model::Zookeeper,
        })
    }
}
