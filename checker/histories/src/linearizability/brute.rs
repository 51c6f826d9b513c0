//! Linearizability by trying every order: slow, and too simple to be wrong.
//!
//! For tests that hold something clever against it. Ten operations are many.

use super::Call;
use crate::model::Model;

/// An order of the operations, with or without those that crashed, that is legal and respects real
/// time.
pub fn witness<M: Model>(model: &M, calls: &[Call<M::Op>]) -> Option<Vec<usize>> {
    let all: Vec<usize> = (0..calls.len()).collect();
    let mut order = Vec::new();
    extend(model, calls, &all, &model.initial(), &mut order).then_some(order)
}

/// Whether there is such an order.
pub fn is_linearizable<M: Model>(model: &M, calls: &[Call<M::Op>]) -> bool {
    witness(model, calls).is_some()
}

fn extend<M: Model>(
    model: &M,
    calls: &[Call<M::Op>],
    left: &[usize],
    state: &M::State,
    order: &mut Vec<usize>,
) -> bool {
    if left.iter().all(|at| calls[*at].is_crashed()) {
        return true;
    }
    left.iter().any(|next| {
        let is_early = left.iter().any(|other| calls[*other].precedes(&calls[*next]));
        let Some(state) = model.step(state, &calls[*next].op).filter(|_| !is_early) else {
            return false;
        };
        let rest: Vec<usize> = left.iter().copied().filter(|at| at != next).collect();
        order.push(*next);
        let is_legal = extend(model, calls, &rest, &state, order);
        if !is_legal {
            order.pop();
        }
        is_legal
    })
}
