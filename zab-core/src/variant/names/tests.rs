use super::*;

/// Every way to have a defect.
fn settings() -> impl Iterator<Item = (&'static Switch, &'static Setting)> {
    SWITCHES.iter().flat_map(|switch| switch.settings.iter().map(move |setting| (switch, setting)))
}

fn name_of(text: &str) -> String {
    find(text).unwrap_or_else(|unknown| panic!("{text}: {unknown}")).name
}

/// The name that is printed is read as the variant that was meant, and printed again.
fn assert_is_read_back(named: &Named) {
    let again = find(&named.name).unwrap_or_else(|unknown| panic!("{}: {unknown}", named.name));
    assert_eq!(again.variant, named.variant, "{}", named.name);
    assert_eq!((again.name, again.kind), (named.name.clone(), named.kind));
}

#[test]
fn what_is_printed_is_read_back_whatever_switch_is_changed() {
    for entry in CATALOGUE {
        assert_is_read_back(&Named::from(entry));
        for (switch, setting) in settings() {
            let text = format!("{}+{}", entry.name, switch.spelling_of(setting));
            let with = find(&text).unwrap_or_else(|unknown| panic!("{text}: {unknown}"));
            assert_eq!(with.variant, setting.applied(entry.variant), "{text}");
            assert_is_read_back(&with);
            let text = format!("{}-{}", entry.name, switch.spelling());
            let without = find(&text).unwrap_or_else(|unknown| panic!("{text}: {unknown}"));
            assert_eq!(without.variant, switch.repaired(entry.variant), "{text}");
            assert_is_read_back(&without);
        }
    }
}

/// No name of a switch ends where another one could begin.
#[test]
fn no_two_switches_side_by_side_are_read_as_others() {
    for (first, one) in settings() {
        for (second, other) in settings() {
            let (left, right) = (first.spelling_of(one), second.spelling_of(other));
            let text = format!("reference+{left}+{right}");
            let both = find(&text).unwrap_or_else(|unknown| panic!("{text}: {unknown}"));
            assert_eq!(both.variant, other.applied(one.applied(Variant::REFERENCE)), "{text}");
            let text = format!("zk-3.5.8-{}-{}", first.spelling(), second.spelling());
            let neither = find(&text).unwrap_or_else(|unknown| panic!("{text}: {unknown}"));
            let release = find("zk-3.5.8").expect("it is listed").variant;
            assert_eq!(neither.variant, second.repaired(first.repaired(release)), "{text}");
        }
    }
}

#[test]
fn what_is_printed_is_read_back_whatever_many_switches_are_changed() {
    // Every subset of a few hundred, the bits of which are as good as any.
    for round in 0..300_u64 {
        let bits = (round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let entry = &CATALOGUE[round as usize % CATALOGUE.len()];
        let mut named = Named::from(entry);
        for (place, (switch, setting)) in settings().enumerate() {
            let spelling = switch.spelling_of(setting);
            let edited = match bits >> (2 * place % 62) & 3 {
                0 => named.edited(Sign::With, &spelling.to_uppercase()),
                1 => named.edited(Sign::Fix, &switch.name.to_uppercase()),
                _ => continue,
            };
            named = edited.unwrap_or_else(|unknown| panic!("{spelling}: {unknown}"));
        }
        assert_is_read_back(&named);
    }
}

#[test]
fn every_entry_release_and_issue_is_a_name_in_any_case() {
    for entry in CATALOGUE {
        for text in [entry.name.to_owned(), entry.name.to_uppercase()] {
            assert_eq!(name_of(&text), entry.name);
        }
        for release in entry.releases() {
            for text in [release.clone(), format!("zk-{release}"), format!("ZK-{release}")] {
                assert_eq!(name_of(&text), entry.name);
            }
        }
        for number in entry.jira {
            for text in [number.to_string(), format!("ZooKeeper-{number}")] {
                assert_eq!(name_of(&text), entry.name);
            }
        }
    }
    for number in SWITCHES.iter().flat_map(Switch::jira) {
        let named = find(&number.to_string()).expect("every issue is a name");
        assert!(
            named.switches().any(|switch| switch.jira().contains(&number)),
            "{number} is {}",
            named.name
        );
    }
}

#[test]
fn no_two_entries_and_no_two_beginnings_are_the_same() {
    let bases = bases();
    for (at, (name, _)) in bases.iter().enumerate() {
        let other = bases[..at].iter().find(|(known, _)| known == name);
        assert!(other.is_none() || CATALOGUE.iter().any(|entry| entry.name == name), "{name}");
    }
    for (at, entry) in CATALOGUE.iter().enumerate() {
        let same = CATALOGUE[..at].iter().find(|other| other.variant == entry.variant);
        assert!(same.is_none(), "{} is {same:?}", entry.name);
    }
}

#[test]
fn one_variant_goes_by_one_name() {
    for (text, name) in [
        ("zk-3.8.4", "zk-3.8.0"),
        ("3.9.4", "zk-3.9.5"),
        ("head", "zk-3.9.5"),
        ("Reference+Late_Apply", "zookeeper-3023"),
        ("reference+keeps-stale-acks", "stale-ack"),
        ("zk-3.9.5-stale-ack", "zk-3.9.5-keeps-stale-acks"),
        ("zk-3.9.5-keeps_stale_acks+keeps-stale-acks", "zk-3.9.5"),
        ("stale-ack-stale-ack", "reference"),
        ("zk-3.8.4-4643", "zk-3.8.0-epoch-before-log"),
        ("reference+ZOOKEEPER-4646", "zookeeper-4646"),
        ("reference+shutdown=leak", "zookeeper-4712"),
        ("4394", "zookeeper-4394"),
        ("1549", "zookeeper-1558"),
        ("PR-2111", "zk-3.9.2"),
        ("stale-ack+4394", "stale-ack+clears-outstanding"),
        ("zk-3.9.2-4712", "zk-3.9.2-shutdown"),
    ] {
        assert_eq!(name_of(text), name, "{text}");
    }
    assert_eq!(find("stale-ack-stale-ack").map(|named| named.kind), Ok(Kind::Reference));
    assert_eq!(find("4394").map(|named| named.kind), Ok(Kind::Defect));
    assert_eq!(find("3.8.4-4643").map(|named| named.kind), Ok(Kind::Release));
}

#[test]
fn a_wrong_part_is_told_from_the_right_ones_beside_it() {
    for (text, what, part) in [
        ("zk-3.8.x", Mistake::Variant, "zk-3.8.x"),
        ("zk-3.8.x+late-apply", Mistake::Variant, "zk-3.8.x"),
        ("", Mistake::Variant, ""),
        ("zk-3.8.4+late-aply", Mistake::Switch, "late-aply"),
        ("zk-3.8.4+late-aply+epoch-before-log", Mistake::Switch, "late-aply"),
        ("zk-3.8.4-epoch-before-log-late-aply", Mistake::Switch, "late-aply"),
        ("reference+shutdown=leek", Mistake::Switch, "shutdown=leek"),
        ("reference+late-apply=no", Mistake::Switch, "late-apply=no"),
        ("reference+shutdown", Mistake::Unclear, "shutdown"),
        ("reference+4712", Mistake::Unclear, "4712"),
        ("reference+", Mistake::Switch, ""),
    ] {
        let unknown = find(text).expect_err("it means nothing");
        assert_eq!((unknown.what, unknown.part.as_str()), (what, part), "{text}");
        assert!(!unknown.right.is_empty());
        let parts =
            |part: &String| find(part).is_ok() || find(&format!("reference+{part}")).is_ok();
        assert!(unknown.right.iter().any(parts), "{text}: {:?}", unknown.right);
    }
}

#[test]
fn an_upgrade_is_two_names_and_every_change_is_made_to_both() {
    let mixed = find("ZOOKEEPER-4646:zk-3.8.4+stale-ack").expect("they are names");
    assert_eq!(mixed.name, "zookeeper-4646:zk-3.8.0");
    let of = |name: &str| find(name).expect("it is a name").variant;
    let releases = Releases::upgrade(of("zookeeper-4646"), of("zk-3.8.0"));
    assert_eq!(mixed.releases(), releases);
    assert_eq!(mixed.kind, Kind::Release);
    let names: Vec<_> = mixed.variants().into_iter().map(|named| named.name).collect();
    assert_eq!(names, ["zookeeper-4646", "zk-3.8.0"]);
    let fixed = mixed.edited(Sign::Fix, "4646").expect("it is a switch");
    assert_eq!(fixed.name, "reference:zk-3.8.0-new-leader-log");
    assert_is_read_back(&fixed);
    assert_eq!(find("reference:reference").map(|named| named.kind), Ok(Kind::Reference));
    let unknown = find("reference:zk-3.9.5:zk-3.9.3").expect_err("only one upgrade");
    assert_eq!(unknown.to_string(), "there is no variant `zk-3.9.5:zk-3.9.3`");
}
