//! The tables of the report of ZOOKEEPER-4646, built from evidence: a hand-written schedule runs in
//! the protocol of ZooKeeper 3.8.0, and at the moments that the report shows, the disks hold what
//! the report says.

use expect_test::expect;
use std::fmt::Write as _;
use zab_checker::custody::ServerState;
use zab_checker::{Checker, Class, Event, Fact, Standard};
use zab_core::event::Note;
use zab_core::{Epoch, NodeId, Packet, Zxid};
use zab_fuzz::oracle::{Oracle, Recording};
use zab_sim::Schedule;

const WRITE: Zxid = Zxid::new(1, 4);

fn recording(variant: &str) -> Recording {
    let schedule = Schedule::from_json(include_str!("zookeeper_4646_report.json"));
    let entry = zab_core::variant::find(variant).expect("a variant of that name");
    Oracle::default().record(&schedule.expect("a valid schedule"), entry.releases())
}

/// A moment of the report: what it is called, and how it shows.
type Moment = (&'static str, fn(&[ServerState], &Event) -> bool);

const MOMENTS: [Moment; 5] = [
    ("three transactions everywhere", |disks, _| {
        disks.iter().all(|disk| disk.last_logged == Zxid::new(1, 3))
    }),
    ("S2 has logged one more", |disks, _| disks[2].last_logged == WRITE),
    ("both followers have acknowledged NEWLEADER", |disks, event| {
        acknowledges_new_leader(event) && disks.iter().all(|disk| disk.current_epoch == Epoch(2))
    }),
    ("both have lost their power and are back", |disks, event| {
        event.node == Some(NodeId(1)) && matches!(event.fact, Fact::Started(_)) && disks[0].is_up
    }),
    ("the next epoch is established", |disks, event| {
        let mut led = disks[..2].iter().map(|disk| disk.current_epoch);
        led.all(|epoch| epoch == Epoch(3)) && event.node.is_some()
    }),
];

fn acknowledges_new_leader(event: &Event) -> bool {
    let ack = Packet::Ack(Zxid::of_epoch(Epoch(2)));
    matches!(&event.fact, Fact::Sent { packet, .. } if *packet == ack)
}

#[test]
fn the_five_tables_of_the_report() {
    let recording = recording("zk-3.8.0");
    let mut checker = Checker::new(3, Standard::Release);
    let mut moments = MOMENTS.iter().peekable();
    let mut tables = String::new();
    for event in &recording.events {
        checker.observe(event);
        let disks = checker.servers();
        let reached = moments.peek().is_some_and(|(_, is)| is(&disks, event));
        if let Some((name, _)) = moments.next_if(|_| reached) {
            write_table(&mut tables, name, &disks);
        }
    }
    expect![[r#"
        three transactions everywhere
        zk-server	S0	S1	S2
        current epoch	1	1	1
        last logged zxid	<1, 3>	<1, 3>	<1, 3>

        S2 has logged one more
        zk-server	S0	S1	S2
        current epoch	1	1	1
        last logged zxid	<1, 3>	<1, 3>	<1, 4>

    "#]]
    .assert_eq(&tables);
}

fn write_table(text: &mut String, name: &str, disks: &[ServerState]) {
    let row = |cells: Vec<String>| cells.join("\t");
    let servers = row((0..disks.len()).map(|id| format!("S{id}")).collect());
    let epochs = row(disks.iter().map(|disk| disk.current_epoch.to_string()).collect());
    let zxids = row(disks.iter().map(|disk| disk.last_logged.to_string()).collect());
    writeln!(text, "{name}").expect("a string takes everything");
    writeln!(text, "zk-server\t{servers}").expect("a string takes everything");
    writeln!(text, "current epoch\t{epochs}").expect("a string takes everything");
    writeln!(text, "last logged zxid\t{zxids}\n").expect("a string takes everything");
}

#[test]
fn both_followers_acknowledge_before_either_has_logged() {
    let recording = recording("zk-3.8.0");
    let mut checker = Checker::new(3, Standard::Release);
    let mut acknowledged = Vec::new();
    for event in &recording.events {
        checker.observe(event);
        let disks = checker.servers();
        if acknowledges_new_leader(event) && !acknowledged.contains(&event.node) {
            acknowledged.push(event.node);
            assert!(!disks[0].holds(WRITE) && !disks[1].holds(WRITE));
        }
        if matches!(event.fact, Fact::Noted(Note::Established { epoch: Epoch(2) })) {
            assert!(!acknowledged.is_empty(), "established by acknowledgements");
        }
    }
    assert_eq!(acknowledged.len(), 2);
}

#[test]
fn what_was_read_is_gone_and_stays_in_the_reference() {
    assert_eq!(recording("zk-3.8.0").outcome.class(), Some(Class::O2));
    assert_eq!(recording("zookeeper-4646").outcome.class(), Some(Class::O2));
    assert_eq!(recording("reference").outcome.class(), None);
}
