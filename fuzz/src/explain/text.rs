//! The steps of an execution as a list with times.

use super::Story;
use super::story::Weight;
use crate::case::{Case, Confirmed, ShownIn};
use std::fmt::Write as _;

/// The widest line.
pub const WIDTH: usize = 100;

/// The story as text: its steps, and below them the box.
pub fn render(story: &Story) -> String {
    steps(story) + "\n" + &super::boxed::render(story)
}

/// Which releases show it, and what real servers did, a sentence each; nothing where that is not known.
pub fn elsewhere(case: &Case) -> String {
    let mut text = String::new();
    let shown_in = case.shown_in.as_ref().map(ShownIn::sentence);
    let sentences = shown_in.into_iter().chain(case.confirmed.iter().map(Confirmed::sentence));
    sentences.for_each(|sentence| push_wrapped(&mut text, WIDTH, "", &sentence));
    text
}

/// The steps of a story, a line each.
pub fn steps(story: &Story) -> String {
    let mut text = format!("{:>11} * a step that matters; the others are details\n", "");
    for moment in &story.moments {
        let mark = if moment.weight == Weight::Detail { ' ' } else { '*' };
        let head = format!("{:>11} {mark} ", ms(moment.at_us));
        push_wrapped(&mut text, WIDTH, &head, &moment.text);
    }
    text
}

/// A time in milliseconds after boot, as in `6,012.4 ms`.
pub fn ms(us: u64) -> String {
    format!("{}.{} ms", thousands(us / 1000), us % 1000 / 100)
}

/// A duration, as in `50 ms` or `0.2 ms`.
pub fn span(us: u64) -> String {
    if us.is_multiple_of(1000) { format!("{} ms", thousands(us / 1000)) } else { ms(us) }
}

/// A number with its thousands apart, as in `1,527`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Adds a text after a head, broken into lines of at most this width.
pub(super) fn push_wrapped(text: &mut String, width: usize, head: &str, words: &str) {
    let indent = head.chars().count();
    let mut line = head.to_owned();
    let mut empty = true;
    for word in pieces(words) {
        if !empty && line.chars().count() + 1 + word.chars().count() > width {
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

/// The words of a text; a zxid, as in `<1, 4>`, is one.
fn pieces(words: &str) -> impl Iterator<Item = &str> {
    let mut is_inside = false;
    let split = words.split(move |c: char| {
        is_inside = (is_inside || c == '<') && c != '>';
        c.is_whitespace() && !is_inside
    });
    split.filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(1_527), "1,527");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(ms(6_012_449), "6,012.4 ms");
        assert_eq!(span(50_000), "50 ms");
        assert_eq!(span(200), "0.2 ms");
    }

    #[test]
    fn a_line_is_not_broken_inside_a_zxid() {
        let mut text = String::new();
        push_wrapped(&mut text, 12, "- ", "cut back to <1, 4> and on");
        assert_eq!(text, "- cut back\n  to <1, 4>\n  and on\n");
    }
}
