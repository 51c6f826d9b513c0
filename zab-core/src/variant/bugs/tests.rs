use super::*;
use crate::variant::{CATALOGUE, Named, find};

/// What is said of a bug agrees with what the releases of the model have.
#[test]
fn a_release_has_the_bugs_that_are_said_to_affect_it() {
    let mut wrong = Vec::new();
    for entry in CATALOGUE.iter().filter(|entry| entry.kind == Kind::Release) {
        for bug in modeled() {
            for release in entry.releases() {
                let is_said = bug.releases().contains(&release);
                if is_said != bug.is_in(entry.variant) {
                    let but = if is_said { "has it not" } else { "has it" };
                    wrong.push(format!("{} in {release}: {} {but}", bug.name, entry.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_bug_is_in_its_own_variant_and_its_repair_is_complete() {
    for bug in modeled() {
        let alone = bug.alone().expect("it is modeled");
        assert!(bug.is_in(alone), "{}", bug.name);
        assert!(!bug.is_in(bug.repaired(alone)), "{}: half repaired", bug.name);
        assert!(!bug.is_in(Variant::REFERENCE), "{}: in the reference", bug.name);
        assert!(!bug.java().is_empty(), "{}", bug.name);
        let named = find(bug.name).unwrap_or_else(|unknown| panic!("{}: {unknown}", bug.name));
        let shown_by = match bug.model {
            Model::Beside { bug, .. } => bug,
            _ => bug.name,
        };
        assert_eq!((named.releases(), named.name.as_str()), (alone.into(), shown_by));
    }
}

#[test]
fn a_bug_says_everything_that_is_asked_of_it() {
    let mut names = Vec::new();
    for bug in bugs() {
        assert!(!names.contains(&bug.name), "{} twice", bug.name);
        names.push(bug.name);
        assert!(!bug.cause.is_empty() && !bug.symptom.is_empty(), "{}", bug.name);
        assert!(bug.cause.len() <= 100 && bug.symptom.len() <= 100, "{}", bug.name);
        // What was mended before it was released, or is only thought of, is in none.
        let is_released = bug.affects != "none";
        assert_eq!(bug.releases().is_empty(), !is_released, "{}: {}", bug.name, bug.affects);
        let is_open = bug.releases().last().is_some_and(|last| last == "head");
        assert!(
            !is_released || bug.fixed.is_empty() == is_open,
            "{}: {} and {}",
            bug.name,
            bug.affects,
            bug.fixed
        );
        for fixed in versions::listed(bug.fixed) {
            assert!(!bug.releases().contains(&fixed), "{}: {fixed} has it", bug.name);
        }
        if let Model::Beyond { why, java } = bug.model {
            assert!(!why.is_empty() && !java.is_empty(), "{}", bug.name);
        }
    }
}

#[test]
fn every_switch_belongs_to_a_bug() {
    for switch in SWITCHES {
        let belongs = modeled().any(|bug| bug.switches().iter().any(|s| s.name == switch.name));
        assert!(belongs, "{}", switch.spelling());
    }
}

#[test]
fn entries_are_the_bugs_in_their_order() {
    let defects = CATALOGUE.iter().filter(|entry| entry.kind == Kind::Defect);
    let names: Vec<_> = defects.map(|entry| Named::from(entry).base.name).collect();
    let own = modeled().filter(|bug| matches!(bug.model, Model::Switches { .. }));
    assert_eq!(names, own.map(|bug| bug.name).collect::<Vec<_>>());
}
