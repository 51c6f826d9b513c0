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

/// Releases as people list them, so that [`listed`] reads the same again; what is none is left out.
pub fn spelled(releases: &[String]) -> String {
    let all = all();
    let runs = all.chunk_by(|one, next| releases.contains(one) == releases.contains(next));
    let runs = runs.filter(|run| releases.contains(&run[0]));
    runs.map(span).collect::<Vec<_>>().join(", ")
}

/// Releases that follow each other, as one: `3.9.5`, `3.6.3-4`, `3.9.4 to HEAD`.
fn span(run: &[String]) -> String {
    let (first, last) = (&run[0], &run[run.len() - 1]);
    match (first.rsplit_once('.'), last.rsplit_once('.')) {
        _ if first == last => first.replace(HEAD, "HEAD"),
        (Some((line, _)), Some((same, end))) if line == same => format!("{first}-{end}"),
        _ => format!("{first} to {}", last.replace(HEAD, "HEAD")),
    }
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
        for list in
            ["3.9.5", "HEAD", "3.6.3-4, HEAD", "3.9.4 to HEAD", "3.4.10-11, 3.6.4 to 3.7.1", ""]
        {
            assert_eq!(spelled(&listed(list)), list);
        }
        assert_eq!(spelled(&listed("3.9.3, 3.9.1-2")), "3.9.1-3", "in their order, and joined");
        assert_eq!(all().len(), 7 + 15 + 11 + 5 + 3 + 7 + 6 + 1);
    }
}
