//! An election, as far as it makes a difference to whoever lets its messages arrive in any order.

use super::Election;
use crate::canonical::{Canonical, Sink};

impl Canonical for Election {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self { proposal, received, decided, finalizing, interval: _ } = self;
        sink.plain(&(proposal, received, decided, finalizing));
    }
}
