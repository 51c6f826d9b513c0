//! What transactions do to sessions and nodes.

use super::{LockNode, Locks, NODES, NUMBERS, Numbers, SESSIONS};
use crate::ids::{RequestId, SessionId, Zxid};
use crate::txn::{Change, Txn};

const A: SessionId = SessionId(257);
const B: SessionId = SessionId(258);

fn txn(counter: u32, session: SessionId, change: Change) -> Txn {
    Txn { zxid: Zxid::new(1, counter), request: RequestId { session, cxid: counter }, change }
}

fn after(changes: impl IntoIterator<Item = (SessionId, Change)>) -> Locks {
    let mut locks = Locks::default();
    for (counter, (session, change)) in (1..).zip(changes) {
        locks.apply(&txn(counter, session, change));
    }
    locks
}

fn create(number: u8) -> Change {
    Change::CreateNode { number }
}

fn close(numbers: &[u8]) -> Change {
    Change::CloseSession { nodes: numbers.iter().copied().collect() }
}

#[test]
fn the_end_of_a_session_takes_its_nodes_and_no_others() {
    let locks = after([
        (A, Change::CreateSession),
        (B, Change::CreateSession),
        (A, create(0)),
        (B, create(1)),
        (A, close(&[0])),
    ]);
    assert!(locks.sessions().eq([B]));
    let left = LockNode { number: 1, owner: B, czxid: Zxid::new(1, 4) };
    assert!(locks.nodes().eq([left]));
    assert_eq!(locks.cversion(), 2, "numbers are not used again");
}

#[test]
fn the_end_of_a_session_takes_what_it_does_not_list_as_well() {
    let locks = after([(A, Change::CreateSession), (A, create(0)), (A, close(&[]))]);
    assert_eq!(locks.nodes().count(), 0, "DataTree.killSession");
}

#[test]
fn a_node_of_a_session_that_is_not_open_stays_until_a_leader_cleans_up() {
    let mut locks = after([(A, create(0)), (B, Change::CreateSession), (B, create(1))]);
    assert!(locks.own(A).is_some());
    locks.clean_up();
    assert!(locks.own(A).is_none() && locks.own(B).is_some());
}

#[test]
fn a_leader_refuses_what_does_not_fit() {
    let session = |n: usize| SessionId(300 + n as u16);
    let full = after((0..SESSIONS).map(|n| (session(n), Change::CreateSession)));
    assert!(!full.has_room_for_session());
    let full = after((0..NODES as u8).map(|n| (A, create(n))));
    assert_eq!(full.next_number(), None);
    let last = after([(A, create(NUMBERS - 1))]);
    assert_eq!(last.next_number(), None, "no name is left");
}

#[test]
fn numbers_are_a_set() {
    let numbers: Numbers = [40, 3, 3].into_iter().collect();
    assert!(numbers.iter().eq([3, 40]));
    assert_eq!(Numbers::from_bits(numbers.bits()), numbers);
    assert_eq!(numbers.to_string(), "n-3, n-40");
}
