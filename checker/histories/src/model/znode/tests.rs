//! Tests of the tree and its groups.

use super::*;

fn create(path: &str) -> Request {
    Request::Create {
        path: path.into(),
        data: Value(1),
        kind: Kind::Persistent,
        is_sequential: false,
    }
}

fn set(path: &str, version: u32) -> Request {
    Request::Set { path: path.into(), data: Value(2), version: Some(version) }
}

fn delete(path: &str) -> Request {
    Request::Delete { path: path.into(), version: None }
}

/// Applies one after the other and returns the answers.
fn answers(requests: &[Request]) -> Vec<Answer> {
    let mut tree = Tree::default();
    let apply = |request| tree.read(request).unwrap_or_else(|| tree.update(request));
    requests.iter().map(apply).collect()
}

#[test]
fn sequential_names_count_what_was_ever_created_below_the_parent() {
    let next = Request::Create {
        path: "/q/n-".into(),
        data: Value(1),
        kind: Kind::Persistent,
        is_sequential: true,
    };
    let asked = [create("/q"), next.clone(), delete("/q/n-0000000000"), next];
    let last = answers(&asked).pop();
    assert!(matches!(last, Some(Answer::Created(Some(path), _)) if &*path == "/q/n-0000000001"));
}

#[test]
fn a_parent_has_to_exist_and_to_be_empty_to_be_deleted() {
    let asked = [create("/a/b"), create("/a"), create("/a/b"), delete("/a")];
    let errors = [Some(ErrorCode::NoNode), None, None, Some(ErrorCode::NotEmpty)];
    for (answer, error) in answers(&asked).into_iter().zip(errors) {
        match error {
            Some(code) => assert_eq!(answer, Answer::Error(code)),
            None => assert!(matches!(answer, Answer::Created(..))),
        }
    }
}

#[test]
fn a_multi_takes_place_as_a_whole_or_not_at_all() {
    let multi = Request::Multi(vec![set("/a", 0), set("/a", 0)]);
    let asked = [create("/a"), multi, Request::Get("/a".into())];
    let answers = answers(&asked);
    assert_eq!(answers[1], Answer::Failed(1, ErrorCode::BadVersion));
    assert!(matches!(answers[2], Answer::Data(Some(Value(1)), Stat { version: Some(0), .. })));
}

#[test]
fn children_are_listed_without_their_own_children() {
    let asked = [
        create("/a"),
        create("/a/b"),
        create("/a/b/c"),
        create("/ab"),
        Request::Children("/a".into()),
    ];
    let last = answers(&asked).pop();
    assert!(matches!(last, Some(Answer::Children(names, _)) if names == ["b".into()]));
}

#[test]
fn every_server_has_a_node_zookeeper() {
    let asked = [Request::Children("/".into()), Request::Get("/".into()), delete("/zookeeper")];
    let answers = answers(&asked);
    assert!(matches!(&answers[0], Answer::Children(names, _) if names[..] == ["zookeeper".into()]));
    assert!(matches!(answers[1], Answer::Data(Some(Value::NIL), _)));
    assert!(matches!(answers[2], Answer::Error(ErrorCode::Other(_))));
}

#[test]
fn an_ephemeral_node_has_no_children_and_goes_with_its_session() {
    let path = || "/e".into();
    let kind = Kind::Ephemeral(7);
    let asked = [
        Request::Create { path: path(), data: Value(1), kind, is_sequential: false },
        create("/e/child"),
        Request::Close(8),
        Request::Exists(path()),
        Request::Close(7),
        Request::Exists(path()),
    ];
    let answers = answers(&asked);
    assert_eq!(answers[1], Answer::Error(ErrorCode::NoChildrenForEphemerals));
    assert!(matches!(answers[3], Answer::Exists(Stat { is_ephemeral: Some(true), .. })));
    assert_eq!(answers[5], Answer::Absent);
}

#[test]
fn the_server_removes_a_container_once_it_is_empty_again() {
    let kind = Kind::Container;
    let reap = || Request::Reap("/c".into());
    let asked = [
        Request::Create { path: "/c".into(), data: Value(1), kind, is_sequential: false },
        reap(),
        create("/c/a"),
        reap(),
        delete("/c/a"),
        reap(),
        Request::Exists("/c".into()),
    ];
    let answers = answers(&asked);
    for (at, is_done) in [(1, false), (3, false), (5, true)] {
        assert_eq!(answers[at] == Answer::Done, is_done, "{at}");
    }
    assert_eq!(answers[6], Answer::Absent);
}

/// `DataNode.copyStat`: on a new server `stat /` says cversion = -1.
#[test]
fn cversions_count_creations_and_deletions() {
    let asked = [create("/a"), create("/a/b"), delete("/a/b"), Request::Get("/a".into())];
    let last = answers(&asked).pop();
    let Some(Answer::Data(_, stat)) = last else { panic!("{last:?}") };
    assert_eq!((stat.cversion, stat.children), (Some(2), Some(0)));
}

#[test]
fn groups_join_what_shares_a_parent_that_matters() {
    let group = |requests: &[Request]| {
        let ops: Vec<_> =
            requests.iter().map(|r| Op { request: r.clone(), answer: None }).collect();
        groups(ops.iter())
    };
    let apart = group(&[create("/a"), create("/b"), set("/a", 0), set("/b", 0)]);
    assert_eq!(apart, [0, 1, 0, 1]);
    let listed = group(&[create("/a"), create("/b"), Request::Children("/".into())]);
    assert_eq!(listed, [0, 0, 0]);
    let below = group(&[create("/a"), create("/a/b"), create("/c"), set("/a/b", 0)]);
    assert_eq!(below, [0, 0, 1, 0]);
    let multi =
        group(&[create("/a"), create("/b"), Request::Multi(vec![set("/a", 0), set("/b", 0)])]);
    assert_eq!(multi, [0, 0, 0]);
}
