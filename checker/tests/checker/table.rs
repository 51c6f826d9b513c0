//! The table of rules says what the files say.

use std::path::Path;
use zab_checker::invariants::RULES;
use zab_checker::verdict::Class;

#[test]
fn every_class_has_one_rule_in_order() {
    let classes: Vec<_> = RULES.iter().map(|rule| rule.class).collect();
    assert_eq!(classes, Class::ALL);
}

#[test]
fn every_rule_has_a_file_that_opens_with_its_id_its_name_and_its_source() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/invariants");
    for rule in RULES {
        let text = std::fs::read_to_string(directory.join(rule.file)).expect("the file exists");
        let title = format!("//! {} {} ({}): ", rule.class, rule.name, rule.source);
        assert!(text.starts_with(&title), "{} should open with {title:?}", rule.file);
    }
    let files = std::fs::read_dir(&directory).expect("the directory exists").count();
    assert_eq!(files, RULES.len(), "one rule, one file");
}
