//! The hunt for schedules that make an ensemble lose a committed write, and what is done with
//! those that are found.
//!
//! Four words, as everywhere in fuzzing:
//! - A **generator** ([`generate`]) makes schedules from nothing but a seed.
//! - A **mutator** ([`mutate`]) makes schedules from schedules, whole actions at a time.
//! - The **oracle** ([`oracle`]) runs a schedule against a variant and says whether a rule was
//!   broken. It is the only place where the simulator meets the checker.
//! - A **target** is what drives these three: here the campaign ([`search`]), guided by the states
//!   that an ensemble went through ([`coverage`]).
//!
//! Two drivers can run a schedule; [`agreement`] compares what they make of it.
//!
//! An exploration ([`zab_sim::explore`]) takes every order of every event within bounds; what it finds
//! is a list of steps ([`trail`]).
//!
//! What a hunt finds is made small ([`minimize`]), stored as a file that can be read, edited and
//! replayed ([`case`]), and told to a person ([`explain`]). Real servers judge the model ([`real`]).
//! [`commands`] is the `zab` command.

#[cfg(feature = "turmoil")]
pub mod agreement;
pub mod case;
pub mod causes;
mod clock;
pub mod commands;
pub mod corpus;
pub mod coverage;
pub mod edges;
pub mod explain;
mod files;
pub mod generate;
pub mod guidance;
pub mod hold;
pub mod minimize;
pub mod mutate;
pub mod oracle;
mod page;
#[cfg(feature = "real")]
pub mod real;
pub mod rng;
pub mod search;
pub mod situations;
pub mod targets;
pub mod trail;
pub mod variants;
pub mod verdict;
