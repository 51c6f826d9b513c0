//! Lists whose every element is appended once, decided in O(n log n).
//!
//! A read gives away the order of everything before it. So there is one order to test: the longest
//! list that was read, each append at its element, each read after its last element, and what was
//! appended and never read after all of it. The history is linearizable if and only if
//!
//! 1. every list that was read is a beginning of the longest, and holds nothing that nobody
//!    appended, and
//! 2. nothing returned before something was invoked that comes earlier in that order.
//!
//! An append that was never answered counts if its element was read. Elements that are appended
//! twice are outside.

use super::{Call, NEVER};
use crate::model::append::Op;
use rustc_hash::FxHashMap;

/// What is wrong with the operations on one list, each by its place.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Conflict {
    /// An element was read that nobody appended.
    NeverAppended {
        /// Who read it.
        read: usize,
        /// The element.
        element: i64,
    },
    /// An element was read twice in one list.
    Twice {
        /// Who read it.
        read: usize,
        /// The element.
        element: i64,
    },
    /// Two reads give different elements for the same place.
    Diverged {
        /// The one that returned first.
        earlier: usize,
        /// The other one.
        later: usize,
    },
    /// The later one began after the earlier one had returned, and comes before it in the list.
    Against {
        /// The operation that was over.
        earlier: usize,
        /// The operation that misses it.
        later: usize,
        /// The read that tells their order, if it is neither of them.
        reader: Option<usize>,
    },
}

impl Conflict {
    /// The operation that has no place.
    pub const fn culprit(self) -> usize {
        match self {
            Self::NeverAppended { read, .. } | Self::Twice { read, .. } => read,
            Self::Diverged { later, .. } | Self::Against { later, .. } => later,
        }
    }

    /// All operations that it is about.
    pub fn operations(self) -> impl Iterator<Item = usize> {
        let others = match self {
            Self::NeverAppended { .. } | Self::Twice { .. } => [None, None],
            Self::Diverged { earlier, .. } => [Some(earlier), None],
            Self::Against { earlier, reader, .. } => [Some(earlier), reader],
        };
        others.into_iter().flatten().chain([self.culprit()])
    }
}

/// What there is to say about a list.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Finding {
    /// Its operations are linearizable.
    Linearizable,
    /// They are not.
    Conflict(Conflict),
    /// An element was appended twice: another engine has to decide.
    NotUnique(i64),
}

/// Judges the operations on one list.
pub fn check(calls: &[Call<Op>]) -> Finding {
    let mut writers: FxHashMap<i64, usize> = FxHashMap::default();
    for (at, call) in calls.iter().enumerate() {
        if let Op::Append(element) = call.op
            && writers.insert(element, at).is_some()
        {
            return Finding::NotUnique(element);
        }
    }
    let mut reads: Vec<(usize, &[i64])> = Vec::new();
    for (at, call) in calls.iter().enumerate().filter(|(_, call)| !call.is_crashed()) {
        if let Op::Read(Some(list)) = &call.op {
            reads.push((at, list));
        }
    }
    reads.sort_by_key(|(at, _)| (calls[*at].returned, *at));
    let longest = match agree(calls, &reads, &writers) {
        Ok(longest) => longest,
        Err(conflict) => return Finding::Conflict(conflict),
    };
    in_real_time(calls, longest, &writers).map_or(Finding::Linearizable, Finding::Conflict)
}

/// The longest list, if all others are beginnings of it.
fn agree<'a>(
    calls: &[Call<Op>],
    reads: &[(usize, &'a [i64])],
    writers: &FxHashMap<i64, usize>,
) -> Result<(usize, &'a [i64]), Conflict> {
    let mut longest: (usize, &[i64]) = (0, &[]);
    for (read, list) in reads {
        let common = list.iter().zip(longest.1).take_while(|(one, other)| one == other).count();
        for (place, element) in list.iter().enumerate().skip(common) {
            let writer =
                writers.get(element).filter(|at| calls[**at].invoked <= calls[*read].returned);
            if writer.is_none() {
                return Err(match writers.get(element) {
                    Some(later) => {
                        Conflict::Against { earlier: *read, later: *later, reader: None }
                    }
                    None => Conflict::NeverAppended { read: *read, element: *element },
                });
            }
            if list[..place].contains(element) {
                return Err(Conflict::Twice { read: *read, element: *element });
            }
        }
        if common < list.len() && common < longest.1.len() {
            return Err(Conflict::Diverged { earlier: longest.0, later: *read });
        }
        if list.len() > longest.1.len() {
            longest = (*read, list);
        }
    }
    Ok(longest)
}

/// Goes through the order from its end, with the first return of what comes later.
fn in_real_time(
    calls: &[Call<Op>],
    (reader, longest): (usize, &[i64]),
    writers: &FxHashMap<i64, usize>,
) -> Option<Conflict> {
    let mut places: FxHashMap<usize, usize> = FxHashMap::default();
    for (place, element) in longest.iter().enumerate() {
        places.extend(writers.get(element).map(|writer| (*writer, 2 * place + 1)));
    }
    let place = |at: usize| match &calls[at].op {
        // Appends that nobody read come last, or never.
        Op::Append(_) => {
            let last = (!calls[at].is_crashed()).then_some(2 * longest.len() + 1);
            places.get(&at).copied().or(last)
        }
        Op::Read(Some(list)) if !calls[at].is_crashed() => Some(2 * list.len()),
        Op::Read(_) => None,
    };
    let mut order: Vec<(usize, usize)> =
        (0..calls.len()).filter_map(|at| Some((place(at)?, at))).collect();
    order.sort_unstable();
    let mut first: Option<usize> = None;
    let mut worst: Option<(u64, Conflict)> = None;
    let mut end = order.len();
    while end > 0 {
        let start = order.partition_point(|(place, _)| *place < order[end - 1].0);
        for (_, later) in &order[start..end] {
            let Some(earlier) = first.filter(|at| calls[*at].precedes(&calls[*later])) else {
                continue;
            };
            // Of several, the one that is complete first.
            let returned = calls[*later].returned;
            if worst.is_none_or(|(time, _)| returned < time) {
                let reader =
                    Some(reader).filter(|at| !longest.is_empty() && *at != earlier && at != later);
                worst = Some((returned, Conflict::Against { earlier, later: *later, reader }));
            }
        }
        for (_, at) in &order[start..end] {
            let returned = |at: Option<usize>| at.map_or(NEVER, |at: usize| calls[at].returned);
            if calls[*at].returned < returned(first) {
                first = Some(*at);
            }
        }
        end = start;
    }
    worst.map(|(_, conflict)| conflict)
}
