//! Files of the log without a header: `FileTxnLog.FileTxnIterator`.

use super::{step_and_write, txn};
use zab_core::event::ExitReason;
use zab_core::log_files::LogFiles;
use zab_core::{
    Config, Epoch, Headless, Input, NoHeader, Node, NodeId, Output, Recovered, Replica, Variant,
    Zxid,
};

const REFERENCE: Variant = Variant::REFERENCE;

/// Records 1, 2 and 4 of epoch 1, the last in a file of its own, and this file without a header.
fn found(counter: u32, contents: NoHeader) -> Recovered {
    Recovered {
        log: [1, 2, 4].map(|counter| txn(Zxid::new(1, counter))).to_vec(),
        log_files: LogFiles::of([2, 1]),
        accepted_epoch: Epoch(1),
        current_epoch: Epoch(1),
        headless: vec![Headless { name: Zxid::new(1, counter), contents }],
        ..Recovered::default()
    }
}

/// Why a server does not start, if it does not.
fn refusal(variant: Variant, found: Recovered) -> Option<ExitReason> {
    let mut node = Node::new(NodeId(0), Config::new(3), variant);
    let outputs = step_and_write(&mut node, Input::Start(Box::new(found)));
    outputs.iter().find_map(|output| match output {
        Output::Exit(reason) => Some(*reason),
        _ => None,
    })
}

#[test]
fn an_empty_file_is_refused_up_to_3_9_2_and_from_then_on_unless_it_is_the_newest() {
    let up_to_3_9_2 = Variant { refuses_empty_log: true, refuses_zeroed_log: true, ..REFERENCE };
    let from_3_9_3 = Variant { refuses_empty_log: false, ..up_to_3_9_2 };
    let (empty, zeros) = (NoHeader::Nothing, NoHeader::Zeros);
    for (variant, counter, contents, is_refused) in [
        (up_to_3_9_2, 5, empty, true),
        (up_to_3_9_2, 5, zeros, true),
        (up_to_3_9_2, 3, empty, true),
        (from_3_9_3, 5, empty, false),
        (from_3_9_3, 5, zeros, true),
        (from_3_9_3, 3, empty, true),
        (REFERENCE, 5, empty, false),
        (REFERENCE, 5, zeros, false),
        (REFERENCE, 3, empty, false),
    ] {
        let expected = is_refused.then_some(ExitReason::NoHeader(contents));
        let what = format!("{counter} {contents:?} {variant:?}");
        assert_eq!(refusal(variant, found(counter, contents)), expected, "{what}");
    }
}

#[test]
fn what_a_start_does_not_open_does_not_stop_it() {
    let variant = Variant { refuses_zeroed_log: true, ..REFERENCE };
    for (covered, is_refused) in [(2, true), (3, true), (4, false), (9, false)] {
        let last_processed = Zxid::new(1, covered);
        let snapshots = vec![Replica { last_processed, ..Replica::default() }];
        let found = Recovered { snapshots, ..found(3, NoHeader::Zeros) };
        let expected = is_refused.then_some(ExitReason::NoHeader(NoHeader::Zeros));
        assert_eq!(refusal(variant, found), expected, "the snapshot ends at {covered}");
    }
}
