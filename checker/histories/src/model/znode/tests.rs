//! Tests of the tree and its groups.

use super::*;

fn create(path: &str) -> Request {
    Request::Create { path: path.into(), data: Value(1), is_sequential: false }
}

fn set(path: &str, version: u32) -> Request {
    Request::Set { path: path.into(), data: Value(2), version: Some(version) }
}

fn delete(path: &str) -> Request {
    Request::Delete { path: path.into(), version: None }
}

/// Applies one after the other and returns the answers.
fn answers(requests: &[Request]) -> Vec<Answer> {
    let mut tree = Znodes.initial();
    requests
        .iter()
        .map(|request| {
            let (answer, next) = Tree::apply(&tree, request);
            tree = next;
            answer
        })
        .collect()
}

#[test]
fn sequential_names_count_what_was_ever_created_below_the_parent() {
    let next = Request::Create { path: "/q/n-".into(), data: Value(1), is_sequential: true };
    let asked = [create("/q"), next.clone(), delete("/q/n-0000000000"), next];
    let last = answers(&asked).pop();
    assert_eq!(last, Some(Answer::Created(Some("/q/n-0000000001".into()))));
}

#[test]
fn a_parent_has_to_exist_and_to_be_empty_to_be_deleted() {
    let asked = [create("/a/b"), create("/a"), create("/a/b"), delete("/a")];
    let errors = [Some(ErrorCode::NoNode), None, None, Some(ErrorCode::NotEmpty)];
    for (answer, error) in answers(&asked).into_iter().zip(errors) {
        match error {
            Some(code) => assert_eq!(answer, Answer::Error(code)),
            None => assert!(matches!(answer, Answer::Created(_))),
        }
    }
}

#[test]
fn a_multi_takes_place_as_a_whole_or_not_at_all() {
    let multi = Request::Multi(vec![set("/a", 0), set("/a", 0)]);
    let asked = [create("/a"), multi, Request::Get("/a".into())];
    let answers = answers(&asked);
    assert_eq!(answers[1], Answer::Error(ErrorCode::BadVersion));
    assert_eq!(answers[2], Answer::Data(Value(1), Some(0)));
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
    assert_eq!(answers(&asked).pop(), Some(Answer::Children(vec!["b".into()])));
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
