//! The steps of an execution as a list with times.

use super::Story;
use super::story::{Weight, ms};
use std::fmt::Write as _;
use zab_checker::Violation;

/// The widest line.
pub const WIDTH: usize = 100;

/// The story as text.
pub fn render(story: &Story) -> String {
    let mut text = String::new();
    for moment in &story.moments {
        let mark = if moment.weight == Weight::Detail { ' ' } else { '*' };
        let head = format!("{:>11} {mark} ", ms(moment.at_us));
        push_wrapped(&mut text, &head, &moment.text);
    }
    if let Some(violation) = story.violations.first() {
        let head = format!("{:>11} => ", after_boot(story, violation));
        push_wrapped(&mut text, &head, &sentence(violation));
    }
    let others: Vec<String> = story
        .violations
        .iter()
        .skip(1)
        .map(|violation| format!("{} at {}", violation.class, after_boot(story, violation)))
        .collect();
    if !others.is_empty() {
        let head = format!("{:>11}    ", "");
        push_wrapped(&mut text, &head, &format!("also broken: {}", others.join(", ")));
    }
    text
}

/// What was violated, as one sentence.
pub(super) fn sentence(violation: &Violation) -> String {
    format!("{} ({}): {}", violation.class, violation.class.meaning(), violation.detail)
}

fn after_boot(story: &Story, violation: &Violation) -> String {
    ms(violation.when.at.0.saturating_sub(story.origin.0))
}

/// Adds a text behind a head, broken into lines that are not too wide.
pub(super) fn push_wrapped(text: &mut String, head: &str, words: &str) {
    let indent = head.chars().count();
    let mut line = head.to_owned();
    let mut empty = true;
    for word in words.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            line = " ".repeat(indent);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    let _ = writeln!(text, "{}", line.trim_end());
}
