//! In which releases a case shows what it shows.
//!
//! A single defect is minimal in the reference: in a release, other defects may cover it up, or the
//! schedule may go another way. So each release is asked, by an execution.

use crate::oracle::Oracle;
use serde::{Deserialize, Serialize};
use zab_checker::Class;
use zab_core::variant::{CATALOGUE, Entry, Kind, versions};
use zab_sim::Schedule;

/// Names of releases in the catalogue, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShownIn(Vec<String>);

/// The releases in which a schedule breaks the rules of this class, perhaps with others.
pub fn shown_in(oracle: &mut Oracle, schedule: &Schedule, class: Class) -> ShownIn {
    let mut breaks =
        |entry: &&Entry| oracle.judge(schedule, entry.variant).classes().contains(&class);
    let shown = releases().filter(|entry| breaks(entry)).map(|entry| entry.name.to_owned());
    ShownIn(shown.collect())
}

fn releases() -> impl Iterator<Item = &'static Entry> {
    CATALOGUE.iter().filter(|entry| entry.kind == Kind::Release)
}

impl ShownIn {
    /// The first name that no release has.
    pub(super) fn unknown(&self) -> Option<&str> {
        let is_known = |name: &String| releases().any(|entry| entry.name == name);
        self.0.iter().find(|name| !is_known(name)).map(String::as_str)
    }

    /// Which releases of ZooKeeper that are, in a sentence.
    pub fn sentence(&self) -> String {
        let shown = releases().filter(|entry| self.0.iter().any(|name| name == entry.name));
        let shown: Vec<_> = shown.flat_map(Entry::releases).collect();
        match versions::spelled(&shown) {
            list if list.is_empty() => {
                "No release shows it in the model by this schedule.".to_owned()
            }
            list => format!("Shown in the model by the same schedule: {list}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_shown_by_releases_that_have_its_defect_and_by_no_other() {
        let text = include_str!("../../cases/O2/committed-log-skips-sync.json");
        let case = crate::case::parse(text).expect("a stored case");
        let of = |class| shown_in(&mut Oracle::default(), &case.schedule, class);
        let shown = of(Class::O2);
        assert_eq!(shown, ShownIn(vec!["zk-3.9.3".to_owned()]), "ZOOKEEPER-4925");
        assert_eq!(shown.unknown(), None);
        assert_eq!(of(Class::O9), ShownIn::default(), "it breaks no rule of that class");
    }

    #[test]
    fn releases_are_told_as_people_list_them() {
        let of = |names: &[&str]| ShownIn(names.iter().map(|&name| name.to_owned()).collect());
        let told = of(&["zk-3.9.5", "zk-3.9.3", "zk-3.8.0"]).sentence();
        assert!(told.ends_with(": 3.7.0 to 3.8.4, 3.9.0-1, 3.9.3 to HEAD."), "{told}");
        assert!(of(&[]).sentence().starts_with("No release"));
        assert_eq!(of(&["zk-3.9.5", "zk-9.9.9"]).unknown(), Some("zk-9.9.9"));
    }
}
