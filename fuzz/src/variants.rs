//! Variants by name, with help for those who mistype one.

use thiserror::Error;
use zab_core::variant::{CATALOGUE, Entry};

/// How alike two names have to be for one to be suggested for the other, from 0 to 1.
const ALIKE: f64 = 0.75;

/// A name that no variant has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no variant `{name}`{hint}; `cargo zab variants` lists them")]
pub struct UnknownVariant {
    name: String,
    hint: String,
}

/// The variant of that name.
pub fn find(name: &str) -> Result<&'static Entry, UnknownVariant> {
    zab_core::variant::find(name)
        .ok_or_else(|| UnknownVariant { name: name.to_owned(), hint: hint(name) })
}

/// The names most like this one, as a question.
fn hint(name: &str) -> String {
    let wanted = name.to_lowercase();
    let mut alike: Vec<(f64, &str)> = CATALOGUE
        .iter()
        .map(|entry| (strsim::jaro_winkler(&wanted, entry.name), entry.name))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    let names: Vec<String> = alike.iter().take(3).map(|(_, name)| format!("`{name}`")).collect();
    if names.is_empty() { String::new() } else { format!(", perhaps {}", names.join(" or ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_gets_the_nearest_names() {
        let error = find("zk-3.8.1").expect_err("there is none").to_string();
        assert!(error.contains("perhaps `zk-3.8.0`"), "{error}");
        let error = find("Reference").expect_err("names are in lower case").to_string();
        assert!(error.contains("perhaps `reference`"), "{error}");
        let error = find("%").expect_err("there is none").to_string();
        assert!(!error.contains("perhaps"), "{error}");
        assert!(find("reference").is_ok());
    }
}
