//! O3 replica consistency (Programmer's Guide): servers at rest answer every read alike.
//!
//! Of servers that serve, whether or not they stand at the same zxid: everything is healed, nothing
//! happens any more, and each has answered a `sync`. Who differs only in what no read shows is O8.

use crate::detail::Detail;
use crate::ensemble::{Ensemble, Rest};
use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::Key;
use zab_core::txn::KEYS;

/// The execution is over.
pub(crate) fn at_end(ensemble: &Ensemble, findings: &mut Findings) {
    let Some((first, others)) = ensemble.at_rest() else {
        return;
    };
    if let Some((other, key)) =
        others.into_iter().find_map(|other| Some((other, differing(first, other)?)))
    {
        let registers = [first, other].map(|rest| rest.replica.registers[key.index()]);
        let [one, other] = [first, other].map(Rest::position);
        findings.report(Class::O3, || Detail::Differs { one, other, key, registers });
    }
}

fn differing(one: &Rest, other: &Rest) -> Option<Key> {
    let registers = |rest: &Rest| rest.replica.registers;
    let (one, other) = (registers(one), registers(other));
    (0..KEYS as u8).map(Key).find(|key| one[key.index()] != other[key.index()])
}
