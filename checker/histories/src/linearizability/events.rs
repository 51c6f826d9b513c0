//! Invocations and returns in the order of time.

use super::Call;

/// Something that happened to an operation.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Invoke(u32),
    Return(u32),
}

/// All events of the calls that matter, in order. At equal times invocations come before returns:
/// intervals are closed.
pub(super) fn in_order<O>(calls: &[Call<O>], matters: impl Fn(&Call<O>) -> bool) -> Vec<Event> {
    let mut keyed = Vec::with_capacity(calls.len() * 2);
    for (at, call) in calls.iter().enumerate().filter(|(_, call)| matters(call)) {
        assert!(call.invoked <= call.returned, "operation {at} returns before it is invoked");
        let at = u32::try_from(at).expect("a history has less than 2^32 operations");
        keyed.push((call.invoked, false, at));
        if !call.is_crashed() {
            keyed.push((call.returned, true, at));
        }
    }
    keyed.sort_unstable();
    keyed
        .into_iter()
        .map(|(_, is_return, at)| if is_return { Event::Return(at) } else { Event::Invoke(at) })
        .collect()
}
