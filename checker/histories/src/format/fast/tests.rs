//! The fast path against the general readers.

use super::super::pieces::Scanned;
use super::super::{edn, jsonl};
use super::{Edn, Fast, Json, Line, Syntax, letters, up_to_eight};

#[test]
fn numbers_of_any_length_are_read_at_once() {
    for (text, expected) in [
        ("7, :time", (7, 1)),
        ("12345678", (12_345_678, 8)),
        ("0000001}", (1, 7)),
        ("98765 :f", (98_765, 5)),
        ("x1234567", (0, 0)),
        ("12\u{ff}45678", (12, 2)),
        ("1/234567", (1, 1)),
        ("1:234567", (1, 1)),
    ] {
        let bytes = text.as_bytes().first_chunk().expect("eight bytes");
        assert_eq!(up_to_eight(u64::from_le_bytes(*bytes)), expected, "{text}");
    }
}

#[test]
fn letters_are_counted_at_once() {
    for byte in 0..=u8::MAX {
        let expected = if byte.is_ascii_lowercase() { 8 } else { 3 };
        let bytes = [b'a', b'm', b'z', byte, b'z', b'a', b'q', b'x'];
        assert_eq!(letters(u64::from_le_bytes(bytes)), expected, "{byte:#x}");
        let before = [byte, b'a', b'z', b'a', b'z', b'a', b'z', b'a'];
        let expected = if byte.is_ascii_lowercase() { 8 } else { 0 };
        assert_eq!(letters(u64::from_le_bytes(before)), expected, "{byte:#x}");
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % bound
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// What lines are made of: the usual, and what comes close to it.
struct Parts {
    names: &'static [&'static str],
    values: &'static [&'static str],
    types: &'static [&'static str],
    commas: &'static [&'static str],
    colons: &'static [&'static str],
}

const EDN: Parts = Parts {
    names: &[
        ":f", ":value", ":process", ":time", ":index", ":zxid", ":key", ":fx", ":values", ":error",
    ],
    values: &[
        "nil",
        "0",
        "7",
        "00012",
        "12345678",
        "123456789012345678",
        "1234567890123456789",
        "-3",
        "3N",
        "nile",
        ":read",
        ":write",
        ":a-b",
        "\"a b\"",
        "[1 2]",
        "[1, [2 nil]]",
        "[:x [3 4]]",
        "[]",
        "[1 2",
        "{:a 1}",
        "#{1}",
        "true",
        "1.5",
        "[[[[1]]]]",
        ":",
        "1:",
        "[1 2 3]",
        "(1 2)",
    ],
    types: &[":invoke", ":ok", ":fail", ":info", ":okay", "ok", ":invokes"],
    commas: &[", ", " ", ",", "  ", ",\n", " ; no comment\n"],
    colons: &[" ", "", "  ", ", "],
};

const JSON: Parts = Parts {
    names: &[
        "\"f\"",
        "\"value\"",
        "\"process\"",
        "\"time\"",
        "\"index\"",
        "\"zxid\"",
        "\"key\"",
        "\"fx\"",
        "f",
    ],
    values: &[
        "null",
        "0",
        "7",
        "007",
        "12345678",
        "123456789012345678",
        "12345678901234567890",
        "-3",
        "1e3",
        "nulls",
        "\"read\"",
        "\"write\"",
        "\"a-b\"",
        "\"a\\nb\"",
        "[1,2]",
        "[1, [2, null]]",
        "[\"x\",[3,4]]",
        "[]",
        "[1,2",
        "{\"a\":1}",
        "true",
        "1.5",
        "[[[[1]]]]",
        "\"",
        "[1 2]",
        "[1,]",
        "\"\"",
    ],
    types: &["\"invoke\"", "\"ok\"", "\"fail\"", "\"info\"", "\"okay\"", "ok", "\"ok"],
    commas: &[",", ", ", " ", " ,", ",,", ",  "],
    colons: &[":", ": ", " : ", "", ","],
};

fn line(parts: &Parts, random: &mut Random) -> Vec<u8> {
    // Mostly the first choices: a line with many odd parts tells nothing about any of them.
    let usual = random.below(4) > 0;
    let pick = |random: &mut Random, choices: &[&'static str], usual_ones: usize| {
        let odd = !usual && random.below(4) == 0;
        random.one_of(if odd { choices } else { &choices[..usual_ones] })
    };
    let mut text = String::from("{");
    for at in 0..1 + random.below(7) {
        if at > 0 {
            text.push_str(pick(random, parts.commas, 1));
        }
        if random.below(4) == 0 {
            text.push_str(if parts.names[0] == ":f" { ":type" } else { "\"type\"" });
            text.push_str(pick(random, parts.colons, 1));
            text.push_str(pick(random, parts.types, 4));
        } else {
            text.push_str(pick(random, parts.names, 7));
            text.push_str(pick(random, parts.colons, 1));
            text.push_str(pick(random, parts.values, 6));
        }
    }
    text.push_str(if random.below(20) == 0 { "" } else { "}" });
    text.push_str(
        ["\n", "\n{:f 1}\n", "", "\r\n", " \n", "}\n"][if usual { 0 } else { random.below(6) }],
    );
    let mut text = text.into_bytes();
    while random.below(6) == 0 && !text.is_empty() {
        let at = random.below(text.len());
        match random.below(3) {
            0 => text[at] = random.below(256) as u8,
            1 => drop(text.remove(at)),
            _ => text.truncate(at.max(1)),
        }
    }
    text
}

/// Everything that anyone can get from a line.
fn read(line: &Line) -> String {
    format!("{line:?}")
}

fn compare<S: Syntax>(parts: &Parts, mut general: impl FnMut(&[u8], &mut Line) -> Scanned) {
    let mut random = Random(42);
    let mut taken = 0;
    let mut reader = Fast::default();
    let mut text = Vec::new();
    const LINES: usize = 200_000;
    for _ in 0..LINES {
        // Often the same line again, so that what was learned from it is made use of.
        if random.below(3) > 0 || text.is_empty() {
            text = line(parts, &mut random);
        }
        if random.below(8) > 0 {
            // Numbers are declined at the end of a text.
            text.extend_from_slice(b"          ");
        }
        let (mut fast, mut slow) = (Line::default(), Line::default());
        let Some(length) = reader.event::<S>(&text, &mut fast) else {
            assert_eq!(read(&fast), read(&Line::default()), "{}", text.escape_ascii());
            continue;
        };
        taken += 1;
        assert_eq!(general(&text, &mut slow), Scanned::Event(length), "{}", text.escape_ascii());
        assert_eq!(read(&fast), read(&slow), "{}", text.escape_ascii());
    }
    assert!((LINES / 4..LINES * 3 / 4).contains(&taken), "{taken} of {LINES}");
}

#[test]
fn what_is_not_declined_is_what_the_general_reader_of_edn_reads() {
    compare::<Edn>(&EDN, |text, line| edn::Scanner::default().general(text, false, line));
}

#[test]
fn what_is_not_declined_is_what_the_general_reader_of_json_reads() {
    compare::<Json>(&JSON, |text, line| jsonl::Scanner::general(text, false, line));
}
