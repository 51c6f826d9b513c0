//! Variants by name or from a file, with help for those who mistype one.

mod patch;

use std::fs;
use thiserror::Error;
use zab_core::variant::{self, Bug, Mistake, Model, Named, Sign, Unknown, bugs};

/// How alike two names have to be for one to be suggested for the other, from 0 to 1.
const ALIKE: f64 = 0.7;

/// A name that no variant has: what is wrong with it, and what comes nearest.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnknownVariant {
    /// A part of the name means nothing.
    #[error("{unknown}{hint}")]
    Name {
        /// Which part, and what would do in its place.
        unknown: Unknown,
        /// What to do.
        hint: String,
    },
    /// A bug that is known, and that the model does not have.
    #[error("`{name}` is known ({cause}), but beyond this model: {why}")]
    Beyond {
        /// Its name.
        name: &'static str,
        /// What is wrong in ZooKeeper.
        cause: &'static str,
        /// Why the model does not have it.
        why: &'static str,
    },
    /// A file with a patch does not say what it has to.
    #[error("{path}: {what}")]
    File {
        /// Which file.
        path: String,
        /// What is wrong with it.
        what: String,
    },
}

impl From<Unknown> for UnknownVariant {
    fn from(unknown: Unknown) -> Self {
        let listed = match unknown.what {
            Mistake::Unclear => return Self::Name { unknown, hint: String::new() },
            Mistake::Variant => "; `cargo zab variants` lists them",
            Mistake::Switch => "; `cargo zab variants --switches` lists them",
        };
        let release = unknown.part.strip_prefix("zk-").unwrap_or(&unknown.part);
        let part = if release.starts_with("3.3.") { "zookeeper-335" } else { &unknown.part };
        if let Some(beyond) = beyond(part) {
            return beyond;
        }
        let perhaps = nearest(&unknown.part, unknown.right.iter().map(String::as_str));
        let perhaps = perhaps.map_or(String::new(), |name| format!(", perhaps `{name}`"));
        Self::Name { unknown, hint: perhaps + listed }
    }
}

/// The bug of that name or issue, if it is one that the model does not have.
fn beyond(part: &str) -> Option<UnknownVariant> {
    let number = part.strip_prefix("zookeeper-").unwrap_or(part);
    let is_it = |bug: &&Bug| bug.name == part || bug.jira.iter().any(|n| n.to_string() == number);
    let bug = bugs().find(is_it)?;
    match bug.model {
        Model::Beyond { why, .. } => {
            Some(UnknownVariant::Beyond { name: bug.name, cause: bug.cause, why })
        }
        _ => None,
    }
}

/// The variant of that name.
///
/// # Errors
///
/// What is wrong with the name, in one line.
pub fn named(name: &str) -> Result<Named, UnknownVariant> {
    Ok(variant::find(name)?)
}

/// The variant of that name, or in the file of that name if it ends in `.json`.
///
/// # Errors
///
/// What is wrong with the name or the file, in one line.
pub fn find(name: &str) -> Result<Named, UnknownVariant> {
    if !name.ends_with(".json") {
        return named(name);
    }
    let text = fs::read_to_string(name).map_err(|error| error.to_string());
    let wrong = |what| UnknownVariant::File { path: name.to_owned(), what };
    text.and_then(|text| patch::parse(&text)).map_err(wrong)
}

/// The variant of that name with these defects, and without those.
///
/// # Errors
///
/// What is wrong with one of the names, in one line.
pub fn edited(named: Named, with: &[String], fix: &[String]) -> Result<Named, UnknownVariant> {
    let with = with.iter().map(|switch| (Sign::With, switch));
    let mut signed = with.chain(fix.iter().map(|switch| (Sign::Fix, switch)));
    Ok(signed.try_fold(named, |named, (sign, switch)| named.edited(sign, switch))?)
}

/// The name most like this one; of several, the one that comes last in the alphabet: of releases
/// the newest.
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let alike = names.map(|name| (strsim::jaro_winkler(&wanted, name), name));
    let best = alike.filter(|(likeness, _)| *likeness > ALIKE);
    best.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1))).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_gets_the_nearest_one_in_one_line() {
        for (wrong, right) in [
            ("zk-3.8.9", "perhaps `zk-3.8.6`"),
            ("zk-3.8.x", "perhaps `zk-3.8.6`"),
            ("3.9.6", "perhaps `3.9.5`"),
            ("referense", "perhaps `reference`"),
            ("zookeper-4646", "perhaps `zookeeper-4646`"),
            ("zk-3.8.4+late-aply", "no switch `late-aply`, perhaps `late-apply`"),
            ("reference+shutdown=leek", "perhaps `shutdown=leak`"),
            ("reference+shutdown", "choose from: shutdown=retain, "),
            ("ZOOKEEPER-790", "beyond this model: "),
            ("zk-3.3.6", "beyond this model: 3.3 has no epoch files"),
            ("reference+3701", "beyond this model: "),
            ("no-such-file.json", "no-such-file.json: No such file"),
        ] {
            let error = find(wrong).expect_err("there is none").to_string();
            assert!(error.contains(right), "{wrong}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
        let error = find("%").expect_err("there is none").to_string();
        assert!(!error.contains("perhaps"), "{error}");
    }

    #[test]
    fn options_do_what_signs_do() {
        let texts =
            |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let release = || find("zk-3.9.5").expect("it is listed");
        let with = edited(release(), &texts(&["late_apply"]), &texts(&["stale-ack", "4882"]));
        let signs = find("zk-3.9.5+late-apply-stale-ack-4882").expect("they are names");
        assert_eq!(with.expect("they are names").name, signs.name);
        let error = edited(release(), &texts(&["shutdown"]), &[]).expect_err("it is unclear");
        assert!(error.to_string().starts_with("`shutdown` is unclear"), "{error}");
    }
}
