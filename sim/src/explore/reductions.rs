//! What an exploration leaves out, and why nothing is lost by that.
//!
//! The argument is always the same: whatever an execution can come to, some execution that is tried
//! comes to as well, with the same verdict. Where that does not hold the rule says so, and what it
//! leaves out is out of reach.

use super::bounds::Free;

/// A rule by which orders are left out.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Reduction {
    /// What is done instead.
    pub what: &'static str,
    /// Why nothing is lost by that, or what is.
    pub because: &'static str,
    /// What `--free` has to name for all orders to be tried, if that is possible.
    pub freed_by: Option<&'static str>,
}

/// All of them.
const ALL: [Reduction; 14] = [
    Reduction {
        what: "senders write all that is queued at once",
        because: "a packet that its sender still holds is one that has not arrived yet; if the \
                  connection ends first both are lost, for an end may learn of that after any of them; \
                  left out is what is proposed before NEWLEADER is queued (ZOOKEEPER-4394)",
        freed_by: Some("sender"),
    },
    Reduction {
        what: "receivers of followers take what has piled up, and load their database, at once",
        because: "a packet taken later is one that arrives later, unless another thread of the same \
                  server runs in between: ZOOKEEPER-4685 needs that",
        freed_by: Some("receiver"),
    },
    Reduction {
        what: "committers apply at once what is committed",
        because: "a COMMIT applied later is one that arrives later, as long as nobody reads memory in \
                  between: stale reads, and leaders that overlook what they have not applied, need that",
        freed_by: Some("committer"),
    },
    Reduction {
        what: "clients ask the leader alone for writes",
        because: "a follower passes a request on and adds nothing to it, and answers later: its client \
                  knows less",
        freed_by: Some("client"),
    },
    Reduction {
        what: "a majority of servers that look for a leader elects the greatest vote among them, in \
               one step; others join a leader that a majority has",
        because: "messages of an election that are lost or late are those of servers outside the \
                  majority; left out are elections of servers that are gone or that lead no longer; freed, an \
                  exploration in which a leader falls has no end, for rounds grow",
        freed_by: Some("election"),
    },
    Reduction {
        what: "a server that is connected to accepts at once",
        because: "the one that connects waits for an answer, so it may as well connect later",
        freed_by: Some("accept"),
    },
    Reduction {
        what: "a follower that gets no connection tries again at once",
        because: "what would have changed meanwhile may as well change before the first attempt",
        freed_by: Some("retry"),
    },
    Reduction {
        what: "requests and answers of clients arrive at once",
        because: "a request that arrives later is one that is asked later, and who knows more sees \
                  more broken",
        freed_by: Some("answer"),
    },
    Reduction {
        what: "each operation has a client of its own",
        because: "left out are sessions with two operations (O4)",
        freed_by: None,
    },
    Reduction {
        what: "of two orders of steps at different servers that commute one is taken",
        because: "both lead to the same state, and break the same rules on the way: no state is left \
                  out by that",
        freed_by: Some("order"),
    },
    Reduction {
        what: "of the operations on one file the oldest is completed first",
        because: "completions are cumulative: a later one says what two say at once",
        freed_by: None,
    },
    Reduction {
        what: "a torn record is one that was not written",
        because: "a process that starts cuts it off before it reads anything",
        freed_by: None,
    },
    Reduction {
        what: "time stands still: who is slow is not given up, unless that is chosen",
        because: "a time-out is a step-down of the one who waits (--step-downs), a connection that \
                  breaks (--cuts), or a leader without a majority that gives up, which is free; left \
                  out is what counts ticks, and a link that stays cut is one on which nothing moves",
        freed_by: None,
    },
    Reduction {
        what: "disks fail where that is chosen, once; clocks run right; nothing is written back but by \
               a flush",
        because: "an error is a choice (--write-errors, --flush-errors), and so is a blank disk \
                  (--blank-disks); left out are disks that are full, read-only or fail for long, and a \
                  page cache that is written back after its process has died",
        freed_by: None,
    },
];

/// The rules in force.
pub fn reductions(free: Free) -> impl Iterator<Item = &'static Reduction> {
    ALL.iter().filter(move |rule| rule.freed_by.is_none_or(|name| !free.has(name)))
}
