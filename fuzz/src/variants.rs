//! Variants by name, with help for those who mistype one.

use thiserror::Error;
use zab_core::variant::{self, Mistake, Named, Sign, Unknown};

/// How alike two names have to be for one to be suggested for the other, from 0 to 1.
const ALIKE: f64 = 0.7;

/// A name that no variant has: what in it is wrong, and what comes nearest.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{unknown}{hint}")]
pub struct UnknownVariant {
    unknown: Unknown,
    hint: String,
}

impl From<Unknown> for UnknownVariant {
    fn from(unknown: Unknown) -> Self {
        let listed = match unknown.what {
            Mistake::Unclear => return Self { unknown, hint: String::new() },
            Mistake::Variant => "; `cargo zab variants` lists them",
            Mistake::Switch => "; `cargo zab variants --switches` lists them",
        };
        let perhaps = nearest(&unknown.part, unknown.right.iter().map(String::as_str));
        let perhaps = perhaps.map_or(String::new(), |name| format!(", perhaps `{name}`"));
        Self { unknown, hint: perhaps + listed }
    }
}

/// The variant of that name.
///
/// # Errors
///
/// What is wrong with the name, in one line.
pub fn find(name: &str) -> Result<Named, UnknownVariant> {
    Ok(variant::find(name)?)
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
