//! A model of one's own: a queue. `cargo run -p history-checker --example own_model`

use history_checker::linearizability::{Budget, Call, Outcome, check};
use history_checker::model::Model;
use std::collections::VecDeque;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Op {
    Enqueue(u32),
    Dequeue(Option<u32>),
}

struct Queue;

impl Model for Queue {
    type Op = Op;
    type State = VecDeque<u32>;

    fn initial(&self) -> VecDeque<u32> {
        VecDeque::new()
    }

    fn step(&self, queue: &VecDeque<u32>, op: &Op) -> Option<VecDeque<u32>> {
        let mut next = queue.clone();
        match op {
            Op::Enqueue(item) => next.push_back(*item),
            Op::Dequeue(answer) if next.pop_front() != *answer => return None,
            Op::Dequeue(_) => {}
        }
        Some(next)
    }
}

fn main() {
    let call = |process, invoked, returned, op| Call { process, invoked, returned, op };
    let calls = [
        call(0, 0, 3, Op::Enqueue(1)),
        call(1, 1, 2, Op::Enqueue(2)),
        call(0, 4, 5, Op::Dequeue(Some(2))),
        call(1, 6, 7, Op::Dequeue(Some(2))),
    ];
    match check(&Queue, &calls, &Budget::default()) {
        Outcome::NotLinearizable(stuck) => {
            println!("no order has room for {:?}", calls[stuck.call])
        }
        outcome => println!("{outcome:?}"),
    }
}
