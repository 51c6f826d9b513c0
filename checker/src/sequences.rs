//! Sequences of transactions, interned: what a server has in memory, what a disk would recover,
//! what is committed.
//!
//! Zab is about prefixes of sequences. All sequences of an execution share their beginnings, so
//! they are kept as a tree: a sequence is a node, its prefixes are the node's ancestors, one
//! transaction more is a child. Moving along is O(1), and so is naming a sequence by its
//! [`Digest`]; whether one is a prefix of another costs the difference of their lengths.

mod digest;

use crate::loss::{Knowledge, Known};
use rustc_hash::FxHashMap;
use zab_core::{Change, Digest, Txn, Zxid};

/// A sequence of transactions.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sequence(u32);

impl Sequence {
    /// No transaction.
    pub(crate) const EMPTY: Self = Self(0);
}

/// No node.
const NONE: u32 = u32::MAX;

/// A sequence: its last transaction and the sequence before it.
#[derive(Clone, Debug)]
struct Node {
    parent: u32,
    first_child: u32,
    next_sibling: u32,
    length: u32,
    /// Where the walk to the root ends: the empty sequence, or one whose beginning is not known.
    origin: u32,
    digest: Digest,
    last: Zxid,
    /// Which transaction is the last one.
    mark: u32,
}

impl Node {
    const fn origin(at: u32, digest: Digest, last: Zxid) -> Self {
        Self {
            parent: NONE,
            first_child: NONE,
            next_sibling: NONE,
            length: 0,
            origin: at,
            digest,
            last,
            mark: NONE,
        }
    }
}

/// A transaction, wherever it stands, and who knows of it.
#[derive(Clone, Debug)]
struct Mark {
    txn: Txn,
    /// A client was told that it is committed.
    acknowledged: Option<Known>,
    /// A client got its value in an answer.
    read: Option<Known>,
}

/// Which transaction: its place among all that were met.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct MarkId(usize);

/// The transactions of one sequence.
#[derive(Clone, Debug)]
pub(crate) struct Members {
    /// One bit a transaction; none if it is not known how the sequence begins.
    bits: Option<Vec<u64>>,
}

impl Members {
    /// Whether the sequence has this transaction, if that is known.
    pub(crate) fn has(&self, MarkId(at): MarkId) -> Option<bool> {
        let bits = self.bits.as_ref()?;
        Some(bits.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 != 0))
    }
}

/// All sequences of an execution.
#[derive(Clone, Debug)]
pub(crate) struct Sequences {
    nodes: Vec<Node>,
    marks: Vec<Mark>,
    by_digest: FxHashMap<Digest, u32>,
}

impl Sequences {
    /// The empty sequence only.
    pub(crate) fn new() -> Self {
        let mut nodes = Vec::with_capacity(64);
        nodes.push(Node::origin(0, Digest::EMPTY, Zxid::ZERO));
        let mut by_digest = FxHashMap::with_capacity_and_hasher(64, Default::default());
        by_digest.insert(Digest::EMPTY, 0);
        Self { nodes, marks: Vec::with_capacity(64), by_digest }
    }

    fn node(&self, sequence: Sequence) -> &Node {
        &self.nodes[sequence.0 as usize]
    }

    fn mark(&self, sequence: Sequence) -> Option<&Mark> {
        self.marks.get(self.node(sequence).mark as usize)
    }

    fn mark_mut(&mut self, sequence: Sequence) -> Option<&mut Mark> {
        let mark = self.node(sequence).mark;
        self.marks.get_mut(mark as usize)
    }

    /// The sequence of that digest, if it has been met.
    pub(crate) fn find(&self, digest: Digest) -> Option<Sequence> {
        self.by_digest.get(&digest).map(|at| Sequence(*at))
    }

    /// The sequence of that digest; if it was never met, one of which only the end is known.
    pub(crate) fn find_or_unknown(&mut self, digest: Digest, last: Zxid) -> Sequence {
        self.find(digest).unwrap_or_else(|| {
            let at = self.next_id();
            self.nodes.push(Node::origin(at, digest, last));
            self.by_digest.insert(digest, at);
            Sequence(at)
        })
    }

    fn next_id(&self) -> u32 {
        u32::try_from(self.nodes.len()).expect("an execution has far fewer transactions")
    }

    /// The sequence with `txn` after it.
    pub(crate) fn extend(&mut self, sequence: Sequence, txn: &Txn) -> Sequence {
        let mut child = self.node(sequence).first_child;
        while child != NONE {
            if self.last_txn(Sequence(child)) == Some(txn) {
                return Sequence(child);
            }
            child = self.node(Sequence(child)).next_sibling;
        }
        let at = self.next_id();
        let mark = self.mark_of(txn);
        let parent = &mut self.nodes[sequence.0 as usize];
        let next_sibling = std::mem::replace(&mut parent.first_child, at);
        let node = Node {
            parent: sequence.0,
            next_sibling,
            length: parent.length + 1,
            mark,
            ..Node::origin(parent.origin, parent.digest.then(txn), txn.zxid)
        };
        self.by_digest.insert(node.digest, at);
        self.nodes.push(node);
        Sequence(at)
    }

    fn mark_of(&mut self, txn: &Txn) -> u32 {
        let at = self.marks.iter().rposition(|mark| mark.txn == *txn).unwrap_or_else(|| {
            self.marks.push(Mark { txn: *txn, acknowledged: None, read: None });
            self.marks.len() - 1
        });
        u32::try_from(at).expect("there are no more marks than nodes")
    }

    /// Its digest.
    pub(crate) fn digest(&self, sequence: Sequence) -> Digest {
        self.node(sequence).digest
    }

    /// The zxid of its last transaction.
    pub(crate) fn last(&self, sequence: Sequence) -> Zxid {
        self.node(sequence).last
    }

    /// Its last transaction; none if it is empty or its beginning is not known.
    pub(crate) fn last_txn(&self, sequence: Sequence) -> Option<&Txn> {
        self.mark(sequence).map(|mark| &mark.txn)
    }

    /// The sequence without its last transaction.
    pub(crate) fn parent(&self, sequence: Sequence) -> Option<Sequence> {
        let parent = self.node(sequence).parent;
        (parent != NONE).then_some(Sequence(parent))
    }

    /// The sequence and all its prefixes, longest first.
    pub(crate) fn prefixes(&self, sequence: Sequence) -> impl Iterator<Item = Sequence> {
        std::iter::successors(Some(sequence), |s| self.parent(*s))
    }

    /// Its transactions, first to last; none if its beginning is not known.
    pub(crate) fn transactions(&self, sequence: Sequence) -> Option<Vec<Txn>> {
        if self.node(sequence).origin != Sequence::EMPTY.0 {
            return None;
        }
        let mut txns: Vec<Txn> =
            self.prefixes(sequence).filter_map(|s| self.last_txn(s).copied()).collect();
        txns.reverse();
        Some(txns)
    }

    /// Whether `a` is `b` or a prefix of it. Two sequences whose beginnings cannot be compared get
    /// the benefit of the doubt.
    pub(crate) fn is_prefix(&self, a: Sequence, b: Sequence) -> bool {
        a == b || !self.is_comparable(a, b) || self.cut(b, self.node(a).length) == a
    }

    /// Whether one of them is a prefix of the other, as far as that is known.
    pub(crate) fn are_related(&self, a: Sequence, b: Sequence) -> bool {
        self.is_prefix(a, b) || self.is_prefix(b, a)
    }

    fn is_comparable(&self, a: Sequence, b: Sequence) -> bool {
        self.node(a).origin == self.node(b).origin
    }

    /// The prefix of that length, or all of it if it is shorter.
    fn cut(&self, sequence: Sequence, length: u32) -> Sequence {
        let mut at = sequence;
        while self.node(at).length > length {
            at = Sequence(self.node(at).parent);
        }
        at
    }

    /// The transactions of `sequence` that are not among the common beginning with `other`, as the
    /// sequences that end with them, longest first.
    pub(crate) fn beyond(
        &self,
        sequence: Sequence,
        other: Sequence,
    ) -> impl Iterator<Item = Sequence> {
        let comparable = self.is_comparable(sequence, other);
        self.prefixes(sequence).take_while(move |s| comparable && !self.is_prefix(*s, other))
    }

    /// The longest prefix that ends with a transaction of an epoch below that of `zxid`.
    pub(crate) fn before_epoch_of(&self, sequence: Sequence, zxid: Zxid) -> Sequence {
        self.prefixes(sequence)
            .find(|s| self.last(*s).epoch < zxid.epoch)
            .unwrap_or(Sequence::EMPTY)
    }

    /// As [`Sequences::beyond`], without what stands anywhere in `other`.
    pub(crate) fn missing(
        &self,
        sequence: Sequence,
        other: Sequence,
    ) -> impl Iterator<Item = Sequence> {
        self.beyond(sequence, other).filter(move |s| {
            let txn = self.last_txn(*s);
            !self.prefixes(other).any(|s| self.last_txn(s) == txn)
        })
    }

    /// Whether a client was told that the last transaction is committed, or got its value.
    pub(crate) fn is_known(&self, sequence: Sequence) -> bool {
        self.mark(sequence).is_some_and(|mark| mark.acknowledged.is_some() || mark.read.is_some())
    }

    /// A client learned of the last transaction; what it learned first stays.
    pub(crate) fn learn(&mut self, sequence: Sequence, known: Known) {
        if let Some(mark) = self.mark_mut(sequence) {
            match known.how {
                Knowledge::Acknowledged => mark.acknowledged.get_or_insert(known),
                Knowledge::Read => mark.read.get_or_insert(known),
            };
        }
    }

    /// The prefix that ends with the transaction that made this change, the last one if several did.
    pub(crate) fn changed_by(&self, sequence: Sequence, change: Change) -> Option<Sequence> {
        self.prefixes(sequence).find(|s| self.last_txn(*s).is_some_and(|txn| txn.change == change))
    }

    /// Every transaction that clients know of, and how: the acknowledgement if there was one.
    pub(crate) fn known(&self) -> impl Iterator<Item = (MarkId, &Txn, Known)> {
        self.marks.iter().enumerate().filter_map(|(at, mark)| {
            let known = mark.acknowledged.or(mark.read)?;
            Some((MarkId(at), &mark.txn, known))
        })
    }

    /// Whether a transaction stands anywhere in a sequence, as far as that is known.
    pub(crate) fn holds(&self, sequence: Sequence, txn: &Txn) -> bool {
        self.prefixes(sequence).any(|s| self.last_txn(s) == Some(txn))
    }

    /// The transactions of a sequence.
    pub(crate) fn members(&self, sequence: Sequence) -> Members {
        if self.node(sequence).origin != Sequence::EMPTY.0 {
            return Members { bits: None };
        }
        let mut bits = vec![0; self.marks.len().div_ceil(64)];
        for prefix in self.prefixes(sequence) {
            let at = self.node(prefix).mark as usize;
            if let Some(word) = bits.get_mut(at / 64) {
                *word |= 1 << (at % 64);
            }
        }
        Members { bits: Some(bits) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::When;
    use zab_core::{RequestId, SessionId};

    fn txn(epoch: u32, counter: u32) -> Txn {
        let request = RequestId { session: SessionId(1), cxid: counter };
        Txn { zxid: Zxid::new(epoch, counter), request, change: Change::Rejected }
    }

    fn sequence(sequences: &mut Sequences, txns: &[Txn]) -> Sequence {
        txns.iter().fold(Sequence::EMPTY, |sequence, txn| sequences.extend(sequence, txn))
    }

    #[test]
    fn equal_sequences_are_one() {
        let mut all = Sequences::new();
        let one = sequence(&mut all, &[txn(1, 1), txn(1, 2)]);
        let same = sequence(&mut all, &[txn(1, 1), txn(1, 2)]);
        let digest = Digest::EMPTY.then(&txn(1, 1)).then(&txn(1, 2));
        assert_eq!(one, same);
        assert_eq!(all.find(digest), Some(one));
        assert_eq!(all.transactions(one), Some(vec![txn(1, 1), txn(1, 2)]));
    }

    #[test]
    fn a_prefix_is_an_ancestor() {
        let mut all = Sequences::new();
        let short = sequence(&mut all, &[txn(1, 1)]);
        let long = sequence(&mut all, &[txn(1, 1), txn(1, 2)]);
        let fork = sequence(&mut all, &[txn(1, 1), txn(2, 1)]);
        assert!(all.is_prefix(short, long) && all.is_prefix(Sequence::EMPTY, short));
        assert!(!all.is_prefix(long, short));
        assert!(!all.are_related(long, fork));
        assert_eq!(all.before_epoch_of(fork, Zxid::new(2, 1)), short);
    }

    #[test]
    fn what_begins_unknown_is_comparable_only_with_its_own_kind() {
        let mut all = Sequences::new();
        let known = sequence(&mut all, &[txn(1, 1)]);
        let unknown = all.find_or_unknown(Digest(7), Zxid::new(1, 5));
        let longer = all.extend(unknown, &txn(1, 6));
        assert!(all.is_prefix(known, longer) && all.is_prefix(longer, known));
        assert!(all.is_prefix(unknown, longer) && !all.is_prefix(longer, unknown));
        assert_eq!(all.transactions(longer), None);
    }

    #[test]
    fn a_transaction_that_stands_twice_is_missing_nowhere() {
        let mut all = Sequences::new();
        let once = sequence(&mut all, &[txn(1, 1)]);
        let twice = sequence(&mut all, &[txn(1, 1), txn(1, 1)]);
        assert_eq!(all.beyond(twice, once).count(), 1);
        assert_eq!(all.missing(twice, once).count(), 0);
    }

    #[test]
    fn a_transaction_that_stands_elsewhere_is_not_missing() {
        let mut all = Sequences::new();
        let plain = sequence(&mut all, &[txn(1, 1), txn(3, 1)]);
        let phantom = sequence(&mut all, &[txn(1, 1), txn(2, 1), txn(3, 1)]);
        assert_eq!(all.missing(plain, phantom).count(), 0);
        assert_eq!(all.missing(phantom, plain).map(|s| all.last(s)).next(), Some(Zxid::new(2, 1)));
        let how = Knowledge::Acknowledged;
        let (request, when) = (txn(3, 1).request, When::default());
        all.learn(plain, Known { how, request, server: None, when });
        assert!(all.is_known(phantom), "it is the same transaction");
        let (mark, ..) = all.known().next().expect("one is known");
        assert_eq!(all.members(phantom).has(mark), Some(true));
        let short = sequence(&mut all, &[txn(1, 1)]);
        assert_eq!(all.members(short).has(mark), Some(false));
    }
}
