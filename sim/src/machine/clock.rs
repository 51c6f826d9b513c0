//! The clock of a server, which may run faster or slower than the world's.

use zab_core::{Span, Time};

/// The clock of a server.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Clock {
    /// An instant of the world, and what this clock showed then.
    set_at: Time,
    showed: Time,
    per_mille: i16,
    until: Time,
}

impl Clock {
    /// What the clock shows at this instant of the world.
    pub(crate) const fn read(&self, now: Time) -> Time {
        let passed = now.since(self.set_at).0;
        Time(self.showed.0 + passed * self.rate() / 1000)
    }

    /// How long the world takes until this clock has moved on by `span`.
    pub(crate) const fn world_span(&self, span: Span) -> Span {
        Span((span.0 * 1000).div_ceil(self.rate()))
    }

    /// Changes the rate until some instant; an earlier deviation that lasts longer passes its end
    /// on to this one.
    pub(crate) fn skew(&mut self, now: Time, per_mille: i16, until: Time) {
        *self =
            Self { set_at: now, showed: self.read(now), per_mille, until: until.max(self.until) };
    }

    /// Runs at the right rate again, from where it is.
    pub(crate) const fn heal(&mut self, now: Time) {
        *self = Self { set_at: now, showed: self.read(now), per_mille: 0, until: now };
    }

    /// Ends a deviation whose time is over.
    pub(crate) const fn expire(&mut self, now: Time) {
        if self.per_mille != 0 && self.until.0 <= now.0 {
            self.heal(now);
        }
    }

    /// Thousandths of a microsecond that this clock moves on in one of the world's.
    const fn rate(&self) -> u64 {
        (1000 + self.per_mille as i64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skewed_clock_never_jumps_and_keeps_what_it_gained() {
        let mut clock = Clock::default();
        clock.skew(Time(1000), 500, Time(3000));
        assert_eq!(clock.read(Time(1000)), Time(1000));
        assert_eq!(clock.read(Time(3000)), Time(4000));
        clock.expire(Time(2000));
        assert_eq!(clock.read(Time(3000)), Time(4000), "not over yet");
        clock.expire(Time(3000));
        assert_eq!(clock.read(Time(5000)), Time(6000));
    }

    #[test]
    fn a_span_of_a_clock_is_what_the_world_needs_for_it() {
        let mut clock = Clock::default();
        for rate in [-900, -333, 0, 7, 900] {
            clock.skew(Time(0), rate, Time(100_000));
            let span = clock.world_span(Span(777));
            assert!((777..=779).contains(&clock.read(Time(span.0)).0));
        }
    }
}
