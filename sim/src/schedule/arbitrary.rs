//! Schedules for property tests: [`arbitrary`] on top of the binary form, so that a fuzzer, a
//! property test and a stored seed mean the same by the same bytes.

use super::Schedule;
use super::bytes::{HEADER, RECORD};
use arbitrary::{Arbitrary, Result, Unstructured};

/// Most bytes that are taken of a buffer that holds other things as well: 32 actions.
const SHARE: usize = HEADER + 32 * RECORD;

impl<'a> Arbitrary<'a> for Schedule {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let size = u.arbitrary_len::<u8>()?.min(SHARE);
        Ok(Self::from_bytes(u.bytes(size)?))
    }

    fn arbitrary_take_rest(u: Unstructured<'a>) -> Result<Self> {
        Ok(Self::from_bytes(u.take_rest()))
    }

    fn size_hint(_: usize) -> (usize, Option<usize>) {
        (0, None)
    }
}
