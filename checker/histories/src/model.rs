//! Sequential specifications: what an object answers when operations come one at a time.
//!
//! A [`Model`] is a pure function from a state and an operation *with its answer* to the next
//! state, or to nothing if that answer is wrong there.

pub mod append;
pub mod mutex;
pub mod register;
pub mod versioned;
pub mod znode;

use crate::linearizability::Call;
use std::fmt::Debug;
use std::hash::Hash;

/// A sequential object.
///
/// ```
/// use history_checker::linearizability::{Budget, Call, NEVER, check};
/// use history_checker::model::Model;
///
/// /// A counter that answers each increment with the new count.
/// struct Counter;
///
/// impl Model for Counter {
///     /// The answer; `None` if it is unknown.
///     type Op = Option<u32>;
///     type State = u32;
///
///     fn initial(&self) -> u32 {
///         0
///     }
///
///     fn step(&self, count: &u32, answer: &Option<u32>) -> Option<u32> {
///         let next = count + 1;
///         answer.is_none_or(|answer| answer == next).then_some(next)
///     }
/// }
///
/// let increment = |invoked, returned, op| Call { process: 0, invoked, returned, op };
/// let one_is_lost = [increment(0, NEVER, None), increment(1, 2, Some(2))];
/// assert!(check(&Counter, &one_is_lost, &Budget::default()).is_linearizable());
/// let twice_the_same = [increment(0, 3, Some(1)), increment(4, 5, Some(1))];
/// assert!(check(&Counter, &twice_the_same, &Budget::default()).is_violation());
/// ```
pub trait Model {
    /// An operation with its answer. Where the answer is unknown, because the operation never
    /// returned, `step` has to accept any.
    type Op: Clone + Eq + Hash + Debug;
    /// A state of the object. Cheap to clone and to hash.
    type State: Clone + Eq + Hash + Debug;

    /// The state before the first operation.
    fn initial(&self) -> Self::State;

    /// The state after the operation, or `None` if its answer is wrong in this state.
    fn step(&self, state: &Self::State, op: &Self::Op) -> Option<Self::State>;

    /// Whether the operation, given its answer, leaves *every* state in which that answer is
    /// right as it is: a read, a compare-and-set that was answered "no". A write of what is
    /// there already is not pure, because it could be needed later.
    ///
    /// A pure operation is placed as soon as its answer is right. So one is pure as well if after
    /// it, and whenever it is placed, everything is possible that would be without it.
    fn is_pure(&self, op: &Self::Op) -> bool {
        let _ = op;
        false
    }

    /// Whether taking `update` out of a legal sequence could make the answer of `call` wrong, or
    /// change its effect. Says which updates a counterexample may leave out; when in doubt, true.
    /// Crashed operations only stand in such a sequence where they change something.
    fn depends_on(&self, call: &Call<Self::Op>, update: &Self::Op) -> bool {
        let _ = (call, update);
        true
    }

    /// Whether the state after the operation is the same whatever it was before: a plain write. A
    /// counterexample may begin with such an operation.
    fn replaces_all(&self, op: &Self::Op) -> bool {
        let _ = op;
        false
    }

    /// About how many bytes a state holds besides itself, on the heap.
    fn weight(&self, state: &Self::State) -> usize {
        let _ = state;
        0
    }

    /// The operation and its answer in a few words, as in `read 5`.
    fn describe(&self, op: &Self::Op) -> String {
        format!("{op:?}")
    }

    /// The state in a few words.
    fn describe_state(&self, state: &Self::State) -> String {
        format!("{state:?}")
    }

    /// Why the operation cannot be next in this state, as in `the register holds 3`.
    fn why_not(&self, state: &Self::State, op: &Self::Op) -> String {
        let _ = op;
        format!("the state is {state:?}")
    }
}
