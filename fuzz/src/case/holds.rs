//! What a stored case promises, in every driver.

use super::{Case, Driver, ShownIn, shown_in};
use crate::oracle::Oracle;
use clap::ValueEnum;
use thiserror::Error;
use zab_checker::{Class, Verdict, Violation};
use zab_core::Variant;

/// A promise of a case that is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Broken {
    /// It shows something else.
    #[error("{variant} in the {} driver: {}, not {}", driver.name(), of(*found), of(*promised))]
    Class {
        /// The variant of the case.
        variant: String,
        /// In which driver.
        driver: Driver,
        /// What it shows.
        found: Option<Class>,
        /// What it promises.
        promised: Option<Class>,
    },
    /// No client's read shows what it promises to show.
    #[error("{variant} in the {} driver: no client's read shows the loss", driver.name())]
    Hidden {
        /// The variant of the case.
        variant: String,
        /// In which driver.
        driver: Driver,
    },
    /// Other releases show it than those that it lists.
    #[error("{} It lists others: `cargo zab corpus refresh` mends that", found.sentence())]
    Elsewhere {
        /// The releases that show it.
        found: ShownIn,
    },
    /// The reference does not survive it.
    #[error("reference in the {} driver: {verdict:?}", driver.name())]
    Reference {
        /// In which driver.
        driver: Driver,
        /// How it was judged.
        verdict: Verdict,
    },
}

fn of(class: Option<Class>) -> &'static str {
    class.map_or("valid", Class::name)
}

/// Every driver, to run cases in.
#[derive(Clone, Debug)]
pub struct Judges(Vec<Oracle>);

impl Default for Judges {
    fn default() -> Self {
        Self(Driver::value_variants().iter().map(|driver| Oracle::new(*driver)).collect())
    }
}

impl Judges {
    /// In every driver the case shows what it promises, and the reference survives it; and it says which
    /// releases show the same.
    pub fn check(&mut self, case: &Case) -> Result<(), Broken> {
        let promised = case.expected.class();
        for oracle in &mut self.0 {
            let driver = oracle.driver();
            let verdict = oracle.judge(&case.schedule, case.named().releases()).verdict;
            let found = verdict.class();
            if found != promised {
                let variant = case.variant.clone();
                return Err(Broken::Class { variant, driver, found, promised });
            }
            let is_visible = verdict.violation().is_some_and(Violation::is_client_visible);
            if case.expected.is_client_visible() && !is_visible {
                return Err(Broken::Hidden { variant: case.variant.clone(), driver });
            }
            let verdict = oracle.judge(&case.schedule, Variant::REFERENCE).verdict;
            if verdict != Verdict::Valid {
                return Err(Broken::Reference { driver, verdict });
            }
        }
        self.check_releases(case)
    }

    /// The releases that show a violation are those that the case lists.
    fn check_releases(&mut self, case: &Case) -> Result<(), Broken> {
        let Some(class) = case.expected.class() else {
            return Ok(());
        };
        let found = shown_in(&mut self.0[0], &case.schedule, class);
        if case.shown_in.as_ref() == Some(&found) {
            return Ok(());
        }
        Err(Broken::Elsewhere { found })
    }
}
