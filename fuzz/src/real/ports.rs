//! Ports for one ensemble: a block of neighbors on the loopback interface that nobody else has.
//!
//! All lie below 32000, outside the range from which the kernel takes ports for outgoing
//! connections: one of those made servers fail at their start.

use std::net::{Ipv4Addr, TcpListener};

const FIRST: u16 = 20_000;
/// 7 servers have three ports each, and two proxies on each of 42 ways.
const BLOCK: u16 = 128;
const BLOCKS: u16 = 93;

/// A block of ports; it is ours while its first one is.
#[derive(Debug)]
pub(crate) struct Ports {
    _claim: TcpListener,
    next: u16,
    end: u16,
}

impl Ports {
    /// Finds a block that is free.
    pub(crate) fn claim() -> Option<Self> {
        let start = u16::try_from(std::process::id() % u32::from(BLOCKS)).unwrap_or(0);
        (0..BLOCKS).find_map(|step| {
            let first = FIRST + (start + step) % BLOCKS * BLOCK;
            let claim = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).ok()?;
            Some(Self { _claim: claim, next: first + 1, end: first + BLOCK })
        })
    }

    /// The next port that is free, and a listener on it.
    pub(crate) fn listener(&mut self) -> Option<(u16, TcpListener)> {
        while self.next < self.end {
            let port = self.next;
            self.next += 1;
            if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
                return Some((port, listener));
            }
        }
        None
    }

    /// The next port that is free, for a server to listen on.
    pub(crate) fn port(&mut self) -> Option<u16> {
        self.listener().map(|(port, _)| port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_nobody_elses_and_ends_below_the_ephemeral_ports() {
        let (mut one, mut other) = (Ports::claim().expect("one"), Ports::claim().expect("another"));
        let (a, b) = (one.port().expect("a port"), other.port().expect("a port"));
        assert_ne!(a / BLOCK, b / BLOCK);
        const { assert!(FIRST + BLOCKS * BLOCK <= 32_000) };
    }
}
