//! Sessions and nodes.

use super::fields::{Read, Write};
use super::{FrameError, Wire};
use zab_core::locks::{Few, LockNode, Locks, SessionError};

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Write<'_>) {
        match self {
            None => out.u8(0),
            Some(value) => out.tagged(1, value),
        }
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        match from.u8()? {
            0 => Ok(None),
            1 => Wire::get(from).map(Some),
            tag => Err(FrameError::Unknown { what: "option", tag }),
        }
    }
}

impl Wire for SessionError {
    fn put(&self, out: &mut Write<'_>) {
        out.u8(match self {
            Self::Expired => 0,
            Self::Moved => 1,
            Self::Full => 2,
        });
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        Ok(match from.u8()? {
            0 => Self::Expired,
            1 => Self::Moved,
            2 => Self::Full,
            tag => return Err(FrameError::Unknown { what: "session error", tag }),
        })
    }
}

impl Wire for LockNode {
    fn put(&self, out: &mut Write<'_>) {
        out.u8(self.number);
        self.owner.put(out);
        self.czxid.put(out);
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        let number = from.u8()?;
        Ok(Self { number, owner: Wire::get(from)?, czxid: Wire::get(from)? })
    }
}

/// Their number, then each of them, in order.
impl<T: Wire + Copy + Ord, const N: usize> Wire for Few<T, N> {
    fn put(&self, out: &mut Write<'_>) {
        out.u8(self.iter().count() as u8);
        self.iter().for_each(|item| item.put(out));
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        let count = from.u8()?;
        let (mut few, mut last) = (Self::default(), None);
        for _ in 0..count {
            let item = T::get(from)?;
            if last >= Some(item) || !few.insert(item) {
                return Err(FrameError::Unknown { what: "set", tag: count });
            }
            last = Some(item);
        }
        Ok(few)
    }
}

impl Wire for Locks {
    fn put(&self, out: &mut Write<'_>) {
        let (sessions, nodes) = self.parts();
        sessions.put(out);
        nodes.put(out);
        out.u8(self.cversion());
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        Ok(Self::new(Wire::get(from)?, Wire::get(from)?, from.u8()?))
    }
}
