//! Schedules and files for property tests, and what happens when one fails.

use arbitrary::{Arbitrary, Result, Unstructured};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zab_fuzz::rng::Rng;
use zab_fuzz::targets::codec;
use zab_fuzz::{corpus, generate, minimize};
use zab_sim::Schedule;
use zab_sim::schedule::Directories;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name)
}

/// Every committed schedule.
pub(crate) fn seeds() -> Vec<Schedule> {
    let files = corpus::files(&[folder("schedules")]).expect("seeds are committed");
    assert!(!files.is_empty(), "no seeds");
    files.iter().map(|path| corpus::read(path).expect("seeds are schedules")).collect()
}

/// A schedule as chance shapes it, or any at all; either way through the bytes of a fuzzer.
#[derive(Debug)]
struct AnySchedule(Schedule);

impl<'a> Arbitrary<'a> for AnySchedule {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        if u.ratio(1, 4)? {
            return Schedule::arbitrary(u).map(AnySchedule);
        }
        let servers = *u.choose(&[3, 3, 3, 5])?;
        let mut shaped = generate::schedule(&mut Rng::new(u.arbitrary()?), servers);
        if u.ratio(1, 4)? {
            shaped.directories = Directories::Strict;
        }
        Ok(Self(Schedule::from_bytes(&shaped.to_bytes())))
    }
}

/// Tries a property on the committed schedules and on as many others, or only on the one that the
/// environment names.
pub(crate) fn try_schedules(
    name: &str,
    iterations: usize,
    property: impl Fn(&Schedule) -> std::result::Result<(), String>,
) {
    if let Ok(path) = std::env::var("ZAB_SCHEDULE") {
        let schedule = corpus::read(Path::new(&path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        property(&schedule).unwrap_or_else(|what| panic!("{path}: {what}"));
        return;
    }
    let expect = |schedule: &Schedule| {
        if let Err(what) = property(schedule) {
            fail(name, &property, schedule, &what);
        }
    };
    seeds().iter().for_each(expect);
    arbitrarily(iterations, |AnySchedule(schedule): &AnySchedule| {
        expect(schedule);
        Ok(())
    });
}

/// All the bytes there are.
#[derive(Debug)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl<'a> Arbitrary<'a> for Bytes {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self(u.bytes(u.len())?.to_vec()))
    }
}

/// Tries a property on as many values, each made of as many bytes as it takes.
///
/// bolero draws a number, and the bytes are drawn from that: its own generator of `Arbitrary` values
/// made none at all of these types, and called that a success.
pub(crate) fn arbitrarily<T>(
    iterations: usize,
    property: impl Fn(&T) -> std::result::Result<(), String>,
) where
    T: for<'a> Arbitrary<'a>,
{
    let tried = std::cell::Cell::new(0);
    let attempt = std::panic::AssertUnwindSafe(|number: u64| {
        let mut rng = Rng::new(number);
        let bytes: Vec<u8> = (0..rng.spread(1, 4096)).map(|_| rng.draw() as u8).collect();
        let value = T::arbitrary(&mut Unstructured::new(&bytes)).expect("no value is refused");
        tried.set(tried.get() + 1);
        property(&value).unwrap_or_else(|what| panic!("{what}"));
    });
    // A schedule that fails is minimized by the minimizer, which knows what it does.
    bolero::check!()
        .with_iterations(iterations)
        .with_shrink_time(Duration::ZERO)
        .with_type::<u64>()
        .for_each(|number| (*attempt)(*number));
    assert!(tried.get() > 0, "nothing was tried");
}

/// Minimizes a schedule that fails, keeps it, and says how to try it again.
fn fail(
    name: &str,
    property: &impl Fn(&Schedule) -> std::result::Result<(), String>,
    schedule: &Schedule,
    what: &str,
) {
    let small = minimize::minimize(schedule, |candidate| property(candidate).is_err())
        .map_or_else(|_| schedule.clone(), |minimized| minimized.schedule);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.json"));
    fs::write(&path, small.to_json()).expect("the temporary folder of cargo can be written");
    let what = property(&small).err().unwrap_or_else(|| what.to_owned());
    let (before, after, path) = (schedule.actions.len(), small.actions.len(), path.display());
    panic!(
        "{what}\n{before} actions, minimized to {after}; repeat with:\n  \
         ZAB_SCHEDULE={path} cargo test -p zab-fuzz --test properties {name}"
    );
}

/// Feeds as many mutants of the committed files to every parser.
pub(crate) fn mutated_files(seed: u64, count: u64) {
    let paths = corpus::files(&[folder("codec")]).expect("seeds are committed");
    assert!(paths.len() >= 8, "each format needs a file");
    let files: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).expect("readable")).collect();
    let mut rng = Rng::new(seed);
    for number in 0..count {
        let mut bytes = files[rng.index(files.len())].clone();
        for _ in 0..rng.spread(1, 8) {
            edit(&mut rng, &mut bytes, &files);
        }
        codec::run(&bytes).unwrap_or_else(|what| panic!("mutant {number} of seed {seed}: {what}"));
    }
}

fn edit(rng: &mut Rng, bytes: &mut Vec<u8>, files: &[Vec<u8>]) {
    let at = rng.index(bytes.len() + 1);
    let end = (at + rng.spread(1, 64) as usize).min(bytes.len());
    match rng.below(7) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..end)),
        2 => bytes.extend_from_within(at..end),
        3 => bytes.insert(at, rng.draw() as u8),
        4 => {
            let other = &files[rng.index(files.len())];
            let piece = &other[rng.index(other.len())..];
            let piece = &piece[..piece.len().min(40)];
            bytes.splice(at..end, piece.iter().copied());
        }
        // What is special in one of the formats.
        5 => bytes.insert(at, rng.pick(b"{}[]()\",:;#\\-.0123456789 \n\r\t\0\xff")),
        _ if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
        _ => {}
    }
}
