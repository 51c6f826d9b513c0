//! Releases of ZooKeeper, and lists of them as people write them: `3.4.10-14, 3.5.0 to HEAD`.

/// The lines of development that have releases, and the last release of each.
const LINES: [(&str, u8); 7] =
    [("3.3", 6), ("3.4", 14), ("3.5", 10), ("3.6", 4), ("3.7", 2), ("3.8", 6), ("3.9", 5)];

/// What comes after the newest release.
const HEAD: &str = "head";

/// Every release from old to new, then HEAD, in lower case.
pub fn all() -> Vec<String> {
    let lines = LINES.iter();
    let mut all: Vec<_> =
        lines.flat_map(|(line, last)| (0..=*last).map(move |n| format!("{line}.{n}"))).collect();
    all.push(HEAD.to_owned());
    all
}

/// The releases of a list. What stands in it and is no release, as `none`, is left out.
pub fn listed(list: &str) -> Vec<String> {
    let all = all();
    let place = |name: &str| all.iter().position(|release| *release == name.to_lowercase());
    let span = |first: &str, last: &str| Some(all[place(first)?..=place(last)?].to_vec());
    let part = |part: &str| match part.split_once(" to ") {
        Some((first, last)) => span(first, last),
        None => {
            match part.rsplit_once('.').and_then(|(line, n)| Some((line, n.split_once('-')?))) {
                Some((line, (first, last))) => {
                    span(&format!("{line}.{first}"), &format!("{line}.{last}"))
                }
                None => span(part, part),
            }
        }
    };
    list.split(", ").filter_map(part).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_releases_is_read_as_people_write_it() {
        for (list, releases) in [
            ("3.9.5", &["3.9.5"][..]),
            ("3.6.3-4, HEAD", &["3.6.3", "3.6.4", "head"]),
            ("3.9.4 to HEAD", &["3.9.4", "3.9.5", "head"]),
            ("3.6.4 to 3.7.1", &["3.6.4", "3.7.0", "3.7.1"]),
            ("3.4.10-11", &["3.4.10", "3.4.11"]),
            ("none", &[]),
            ("3.9.9", &[]),
        ] {
            assert_eq!(listed(list), releases, "{list}");
        }
        assert_eq!(all().len(), 7 + 15 + 11 + 5 + 3 + 7 + 6 + 1);
    }
}
