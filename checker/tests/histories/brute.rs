//! Linearizability by trying every order: slow, and too simple to be wrong.

use zab_checker::linearizability::Call;
use zab_checker::model::Model;

/// Whether any order of the operations, with or without those that crashed, is legal and respects
/// real time.
pub fn is_linearizable<M: Model>(model: &M, calls: &[Call<M::Op>]) -> bool {
    let all: Vec<usize> = (0..calls.len()).collect();
    extend(model, calls, &all, &model.initial())
}

fn extend<M: Model>(model: &M, calls: &[Call<M::Op>], left: &[usize], state: &M::State) -> bool {
    if left.iter().all(|at| calls[*at].is_crashed()) {
        return true;
    }
    left.iter().any(|next| {
        let is_early = left.iter().any(|other| calls[*other].precedes(&calls[*next]));
        let rest: Vec<usize> = left.iter().copied().filter(|at| at != next).collect();
        !is_early
            && model
                .step(state, &calls[*next].op)
                .is_some_and(|state| extend(model, calls, &rest, &state))
    })
}
