//! How many servers the ensembles of a search have.

use crate::rng::Rng;

/// The sizes of ensembles.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Sizes {
    /// 3, 5 and 7 servers: mostly 3, since most of what can go wrong can do so among them, in half the
    /// time that an execution takes among 5 and a third of what it takes among 7.
    #[default]
    Mixed,
    /// This many servers: 3, 5 or 7.
    Only(u8),
}

/// How often each size is drawn among the mixed ones: the larger ones take a third of the time.
const SHARES: [(u8, u32); 3] = [(3, 12), (5, 2), (7, 1)];

impl Sizes {
    /// The size of the next ensemble.
    pub fn draw(self, rng: &mut Rng) -> u8 {
        match self {
            Self::Mixed => {
                let chosen = rng.weighted(&SHARES.map(|(_, share)| share)).unwrap_or(0);
                SHARES[chosen].0
            }
            Self::Only(servers) => servers,
        }
    }

    /// Whether ensembles of this size are among them.
    pub fn include(self, servers: u8) -> bool {
        match self {
            Self::Mixed => SHARES.iter().any(|(size, _)| *size == servers),
            Self::Only(size) => size == servers,
        }
    }
}

impl From<Option<u8>> for Sizes {
    fn from(servers: Option<u8>) -> Self {
        servers.map_or(Self::Mixed, Self::Only)
    }
}
