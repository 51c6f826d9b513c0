//! An execution under way: a driver, somebody who watches, and a budget.

use super::{Observer, Run};
use crate::driver::Driver;
use crate::due::Effects;
use std::ops::ControlFlow;
use zab_core::{Time, View};

/// Why an execution ends early.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The observer has seen enough.
    Observer,
    /// The budget of steps ran out.
    Budget,
}

/// A driver, somebody who watches, and a budget.
pub(crate) struct Execution<'a, D, O> {
    pub(crate) driver: D,
    pub(super) observer: &'a mut O,
    /// When something was observed for the last time.
    pub(super) last_news: Time,
    effects: Effects,
    views: Vec<Option<View>>,
    wants_views: bool,
    started: Time,
    steps: u64,
    steps_max: u64,
}

impl<'a, D: Driver, O: Observer> Execution<'a, D, O> {
    pub(crate) fn new(driver: D, observer: &'a mut O, steps_max: u64) -> Self {
        let (wants_views, started) = (observer.wants_views(), driver.now());
        let views = match wants_views {
            true => driver.config().members().map(|server| driver.view(server)).collect(),
            false => Vec::new(),
        };
        let effects = Effects { wants_passages: observer.wants_passages(), ..Effects::default() };
        Self {
            driver,
            observer,
            last_news: started,
            effects,
            views,
            wants_views,
            started,
            steps: 0,
            steps_max,
        }
    }

    pub(super) fn now(&self) -> Time {
        self.driver.now()
    }

    pub(super) fn finish(&self, end: ControlFlow<End>) -> Run {
        Run {
            steps: self.steps,
            end_us: self.now().since(self.started).0,
            out_of_budget: end == ControlFlow::Break(End::Budget),
        }
    }

    /// Changes the world from outside.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut D, &mut Effects)) -> ControlFlow<End> {
        change(&mut self.driver, &mut self.effects);
        self.publish()
    }

    /// Lets everything happen until this instant, or until the world is as wished.
    pub(super) fn advance(&mut self, until: Time, wished: impl Fn(&D) -> bool) -> ControlFlow<End> {
        while !wished(&self.driver) {
            if self.steps >= self.steps_max {
                return ControlFlow::Break(End::Budget);
            }
            match self.driver.step(until, &mut self.effects) {
                0 => break,
                inputs => self.steps += inputs,
            }
            self.publish()?;
        }
        ControlFlow::Continue(())
    }

    /// Hands on what was observed. Most steps of the world show nothing: that has to cost nothing.
    #[inline]
    fn publish(&mut self) -> ControlFlow<End> {
        if !self.effects.evidence.is_empty() || !self.effects.passages.is_empty() {
            self.publish_evidence()?;
        }
        let touched = std::mem::take(&mut self.effects.touched);
        if self.wants_views && touched != 0 {
            self.publish_views(touched);
        }
        ControlFlow::Continue(())
    }

    #[inline(never)]
    fn publish_evidence(&mut self) -> ControlFlow<End> {
        let mut passages = self.effects.passages.drain(..).peekable();
        for (index, event) in self.effects.evidence.iter().enumerate() {
            while let Some((_, passage)) = passages.next_if(|(before, _)| *before <= index) {
                self.observer.on_passage(&passage);
            }
            self.last_news = event.at;
            if self.observer.on_event(event).is_break() {
                return ControlFlow::Break(End::Observer);
            }
        }
        passages.for_each(|(_, passage)| self.observer.on_passage(&passage));
        self.effects.evidence.clear();
        ControlFlow::Continue(())
    }

    #[inline(never)]
    fn publish_views(&mut self, touched: u8) {
        for server in self.driver.config().members() {
            if touched & 1 << server.0 != 0 {
                self.views[server.index()] = self.driver.view(server);
            }
        }
        self.observer.on_views(&self.views);
    }
}
