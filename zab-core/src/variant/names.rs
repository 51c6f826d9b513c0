//! The grammar of names: what a variant is called on the command line and in stored cases.
//!
//! ```text
//! NAME   = VARIANT [ ":" VARIANT ]                  zk-3.9.3:zk-3.9.5, an upgrade from one to the other
//! VARIANT = BASE { "+" SWITCH | "-" SWITCH }        zk-3.9.5-keeps-stale-acks, reference+late-apply
//! BASE   = an entry of the catalogue | RELEASE | ISSUE
//! RELEASE = [ "zk-" ] ( "3.8.4" | … | "HEAD" )     the entry that stands for it
//! ISSUE  = [ "ZOOKEEPER-" ] "4646"                 the entry for it, or the reference with that defect
//! SWITCH = a switch | SWITCH "=" VALUE | ISSUE | an entry with a single defect
//! ```
//!
//! `+` adds a defect and `-` repairs one. The servers of an ensemble with an upgrade boot with the
//! first variant, and each may be restarted as the other, and back. Case does not matter, and `_` is read as `-`. Of all the
//! spellings of a variant [`Named::name`] is the one that is printed and stored.

use super::bugs::modeled;
use super::catalogue::{CATALOGUE, Entry, Kind};
use super::switches::{SWITCHES, Setting, Switch};
use super::{Releases, Variant};
use std::fmt;

/// A variant under its name.
#[derive(Clone, Debug)]
pub struct Named {
    /// The name that is printed and stored; finding it gives this variant.
    pub name: String,
    /// What kind of name it is.
    pub kind: Kind,
    /// The entry that it is, or begins with.
    pub base: &'static Entry,
    /// What servers run that are not upgraded.
    variant: Variant,
    /// What servers can be upgraded to.
    upgrade: Option<Box<Self>>,
}

/// A part of a name that means nothing, and what would mean something in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What is wrong with it.
    pub what: Mistake,
    /// The part.
    pub part: String,
    /// Every part that would do.
    pub right: Vec<String>,
}

/// What is wrong with a part of a name.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// No variant is called so.
    Variant,
    /// No switch is called so.
    Switch,
    /// A switch that can be set in several ways, and it is not said in which.
    Unclear,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, part, right } = self;
        match what {
            Mistake::Variant => write!(f, "there is no variant `{part}`"),
            Mistake::Switch => write!(f, "there is no switch `{part}`"),
            Mistake::Unclear => write!(f, "`{part}` is unclear, choose from: {}", right.join(", ")),
        }
    }
}

impl std::error::Error for Unknown {}

/// What is done to a variant by one switch of its name.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The defect is added: `+`, `--with`.
    With,
    /// The defect is repaired: `-`, `--fix`.
    Fix,
}

/// The variant of that name.
///
/// # Errors
///
/// The part of the name that means nothing.
pub fn find(name: &str) -> Result<Named, Unknown> {
    let name = normal(name);
    match name.split_once(':') {
        Some((old, new)) => Ok(Named::upgraded(find_one(old)?, find_one(new)?)),
        None => find_one(&name),
    }
}

fn find_one(name: &str) -> Result<Named, Unknown> {
    let bases = bases();
    let mut mistake = None;
    for (base, rest) in beginnings(name, &bases) {
        match base.edited(rest) {
            Ok(variant) => return Ok(Named::new(base.entry, variant)),
            Err(unknown) => mistake = mistake.or(Some(unknown)),
        }
    }
    Err(mistake.unwrap_or_else(|| Unknown {
        what: Mistake::Variant,
        part: name.split(['+', '=']).next().unwrap_or_default().to_owned(),
        right: bases.into_iter().map(|(name, _)| name).collect(),
    }))
}

impl Named {
    /// The variant with this defect more or less; with an upgrade, both.
    ///
    /// # Errors
    ///
    /// That no switch is called so.
    pub fn edited(&self, sign: Sign, switch: &str) -> Result<Self, Unknown> {
        let text = normal(switch);
        let named = parts().into_iter().filter(|(name, _)| *name == text);
        let variant = apply(self.variant, sign, &text, named.map(|(_, part)| part))?;
        let edited = Self::new(self.base, variant);
        match &self.upgrade {
            Some(new) => Ok(Self::upgraded(edited, new.edited(sign, switch)?)),
            None => Ok(edited),
        }
    }

    /// What the servers run.
    pub fn releases(&self) -> Releases {
        match &self.upgrade {
            Some(new) => Releases::upgrade(self.variant, new.variant),
            None => Releases::only(self.variant),
        }
    }

    /// The one or two variants that it names, each under its own name.
    pub fn variants(&self) -> Vec<Self> {
        let old = Self::new(self.base, self.variant);
        std::iter::once(old).chain(self.upgrade.as_deref().cloned()).collect()
    }

    /// The switches that are on, in either variant.
    pub fn switches(&self) -> impl Iterator<Item = &'static Switch> {
        let releases = self.releases();
        SWITCHES.iter().filter(move |switch| releases.have(switch))
    }

    /// Servers boot with the one and can be upgraded to the other. What kind of name that is, the
    /// one decides that has more defects.
    fn upgraded(old: Self, new: Self) -> Self {
        let (name, kind) = (format!("{}:{}", old.name, new.name), old.kind.max(new.kind));
        Self { name, kind, upgrade: Some(Box::new(new)), ..old }
    }

    /// A variant that was reached from this entry. One that has an entry goes by its name; that of a
    /// pull request it has to be reached from, for nobody takes a release less a defect for one.
    fn new(base: &'static Entry, variant: Variant) -> Self {
        let may_be = |entry: &Entry| entry.kind != Kind::Proposal || entry.name == base.name;
        let is_it = |entry: &&Entry| entry.variant == variant && may_be(entry);
        let base = CATALOGUE.iter().find(is_it).unwrap_or(base);
        let mut name = base.name.to_owned();
        for switch in SWITCHES {
            let setting = switch.setting(&variant);
            let value = |setting: Option<&Setting>| setting.map(|setting| setting.value);
            if value(setting) == value(switch.setting(&base.variant)) {
                continue;
            }
            name += &match setting {
                Some(setting) => format!("+{}", switch.spelling_of(setting)),
                None => format!("-{}", switch.spelling()),
            };
        }
        let kind = match base.kind {
            _ if variant == Variant::REFERENCE => Kind::Reference,
            Kind::Reference => Kind::Defect,
            kind => kind,
        };
        Self { name, kind, base, variant, upgrade: None }
    }
}

/// Under the name of the entry that it has most switches in common with.
impl From<Variant> for Named {
    fn from(variant: Variant) -> Self {
        let differs = |entry: &Entry, switch: &Switch| {
            let value = |variant| switch.setting(variant).map(|setting| setting.value);
            value(&variant) != value(&entry.variant)
        };
        let distance =
            |entry: &&Entry| SWITCHES.iter().filter(|switch| differs(entry, switch)).count();
        Self::new(CATALOGUE.iter().min_by_key(distance).unwrap_or(&CATALOGUE[0]), variant)
    }
}

impl From<&'static Entry> for Named {
    fn from(entry: &'static Entry) -> Self {
        Self::new(entry, entry.variant)
    }
}

/// How names are compared.
fn normal(name: &str) -> String {
    name.trim().to_lowercase().replace('_', "-")
}

/// What a name can begin with.
#[derive(Copy, Clone, Debug)]
struct Base {
    entry: &'static Entry,
    variant: Variant,
}

/// Every beginning of a name.
fn bases() -> Vec<(String, Base)> {
    let mut bases = Vec::new();
    for entry in CATALOGUE {
        let base = Base { entry, variant: entry.variant };
        bases.push((entry.name.to_owned(), base));
        bases.extend(entry.aliases.iter().map(|alias| ((*alias).to_owned(), base)));
        for release in entry.releases() {
            bases.push((format!("zk-{release}"), base));
            bases.push((release, base));
        }
        bases.extend(entry.jira.iter().flat_map(|number| spellings(*number)).map(|n| (n, base)));
    }
    // What shows one bug shows another.
    for bug in modeled() {
        let named = |base: &Base| Some(base.variant) == bug.alone();
        let base = bases.iter().map(|(_, base)| *base).find(named);
        let names = bug.jira.iter().flat_map(|number| spellings(*number));
        for name in names.chain([bug.name.to_owned()]) {
            if let Some(base) = base.filter(|_| bases.iter().all(|(known, _)| *known != name)) {
                bases.push((name, base));
            }
        }
    }
    let reference = &CATALOGUE[0];
    for (number, _, setting) in reports() {
        let base = Base { entry: reference, variant: setting.applied(reference.variant) };
        let named = spellings(number).map(|name| (name, base));
        let new =
            named.into_iter().filter(|(name, _)| bases.iter().all(|(known, _)| known != name));
        bases.extend(new.collect::<Vec<_>>());
    }
    // A number is that of an issue; where there is none, that of a pull request.
    let numbers = bases.iter().filter_map(|(name, base)| Some((name.strip_prefix("pr-")?, base)));
    let numbers: Vec<_> = numbers.map(|(number, base)| (number.to_owned(), *base)).collect();
    for (number, base) in numbers {
        if bases.iter().all(|(known, _)| *known != number) {
            bases.push((number, base));
        }
    }
    bases
}

/// Every issue, with each way to have a defect that it reports.
fn reports() -> impl Iterator<Item = (u16, &'static Switch, &'static Setting)> {
    let settings =
        SWITCHES.iter().flat_map(|switch| switch.settings.iter().map(move |s| (switch, s)));
    settings.flat_map(|(switch, setting)| setting.jira.iter().map(move |n| (*n, switch, setting)))
}

/// Both ways to write the number of an issue.
fn spellings(number: u16) -> [String; 2] {
    [format!("zookeeper-{number}"), number.to_string()]
}

/// What may follow a sign.
#[derive(Copy, Clone, Debug)]
struct Part {
    switch: &'static Switch,
    /// Where it is not said in which way, the one that a sign `+` would mean.
    setting: Option<&'static Setting>,
}

/// Everything that may follow a sign; names of switches come first.
fn parts() -> Vec<(String, Part)> {
    let mut parts = Vec::new();
    for switch in SWITCHES {
        let only = if let [only] = switch.settings { Some(only) } else { None };
        parts.push((switch.spelling(), Part { switch, setting: only }));
        let several = switch.settings.iter().filter(|setting| setting.value.is_some());
        parts.extend(
            several.map(|setting| {
                (switch.spelling_of(setting), Part { switch, setting: Some(setting) })
            }),
        );
    }
    for (number, switch, setting) in reports() {
        let part = Part { switch, setting: Some(setting) };
        parts.extend(spellings(number).map(|name| (name, part)));
    }
    for entry in CATALOGUE.iter().filter(|entry| entry.kind == Kind::Defect) {
        let on: Vec<_> = SWITCHES.iter().filter(|switch| switch.is_on(&entry.variant)).collect();
        let is_known = parts.iter().any(|(name, _)| name == entry.name);
        if let ([switch], false) = (&on[..], is_known) {
            parts.push((
                entry.name.to_owned(),
                Part { switch, setting: switch.setting(&entry.variant) },
            ));
        }
    }
    parts
}

/// Each of these that the text begins with, the longest first, with what follows it: nothing, or
/// another sign.
fn beginnings<'a, T: Copy>(text: &'a str, names: &[(String, T)]) -> Vec<(T, &'a str)> {
    let mut found: Vec<(T, &str)> = names
        .iter()
        .filter_map(|(name, what)| Some((*what, text.strip_prefix(name.as_str())?)))
        .filter(|(_, rest)| rest.is_empty() || rest.starts_with(['+', '-']))
        .collect();
    found.sort_by_key(|(_, rest)| rest.len());
    found
}

impl Base {
    /// With everything that the rest of a name does to it.
    fn edited(self, rest: &str) -> Result<Variant, Unknown> {
        edit(self.variant, rest, &parts())
    }
}

/// Carries out the signs and switches of this text.
fn edit(variant: Variant, text: &str, parts: &[(String, Part)]) -> Result<Variant, Unknown> {
    let sign = match text.chars().next() {
        None => return Ok(variant),
        Some('+') => Sign::With,
        Some(_) => Sign::Fix,
    };
    let text = &text[1..];
    let found = beginnings(text, parts);
    let mut lengths: Vec<usize> = found.iter().map(|(_, rest)| text.len() - rest.len()).collect();
    lengths.dedup();
    let mut mistake = None;
    for length in lengths {
        let (name, rest) = text.split_at(length);
        let same = found.iter().filter(|(_, other)| *other == rest).map(|(part, _)| *part);
        match apply(variant, sign, name, same).and_then(|variant| edit(variant, rest, parts)) {
            Ok(variant) => return Ok(variant),
            Err(unknown) => mistake = mistake.or(Some(unknown)),
        }
    }
    let wrong = || text.split('+').next().unwrap_or_default();
    Err(mistake.unwrap_or_else(|| no_switch(wrong())))
}

/// Adds or repairs what the name stands for.
fn apply(
    variant: Variant,
    sign: Sign,
    name: &str,
    parts: impl Iterator<Item = Part>,
) -> Result<Variant, Unknown> {
    let parts: Vec<_> = parts.collect();
    match (sign, &parts[..]) {
        (_, []) => Err(no_switch(name)),
        (Sign::With, [Part { setting: Some(setting), .. }]) => Ok(setting.applied(variant)),
        (Sign::Fix, [first, rest @ ..]) if rest.iter().all(|part| part.is_same(first)) => {
            Ok(first.switch.repaired(variant))
        }
        _ => Err(unclear(name, sign, &parts)),
    }
}

impl Part {
    fn is_same(&self, other: &Self) -> bool {
        self.switch.name == other.switch.name
    }
}

fn no_switch(part: &str) -> Unknown {
    let right = parts().into_iter().map(|(name, _)| name).collect();
    Unknown { what: Mistake::Switch, part: part.to_owned(), right }
}

fn unclear(part: &str, sign: Sign, parts: &[Part]) -> Unknown {
    let mut right = Vec::new();
    for Part { switch, setting } in parts {
        match (sign, setting) {
            (Sign::Fix, _) => right.push(switch.spelling()),
            (Sign::With, Some(setting)) => right.push(switch.spelling_of(setting)),
            (Sign::With, None) => {
                right.extend(switch.settings.iter().map(|s| switch.spelling_of(s)))
            }
        }
    }
    right.dedup();
    Unknown { what: Mistake::Unclear, part: part.to_owned(), right }
}

#[cfg(test)]
mod tests;
