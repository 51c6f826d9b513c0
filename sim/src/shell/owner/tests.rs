//! Full queues: of a process that is stalled, and of a peer that does not read.

use super::super::frames;
use super::super::limits::OUTBOX;
use super::super::tests::{PACKET, TestNet, limits, run, stream};
use super::*;
use std::time::Duration;
use tokio::io::duplex;
use tokio::time::timeout;
use zab_core::{DiskOp, Lsn, Packet, Recovered, Span, Time, Variant};

/// A platform on which a process is stalled.
#[derive(Clone)]
struct Stalled;

impl Platform for Stalled {
    fn start(&self, _: Inbox) -> io::Result<Recovered> {
        Ok(Recovered::default())
    }

    fn now(&self) -> Time {
        Time(0)
    }

    fn is_driven(&self) -> bool {
        true
    }

    fn duration(&self, span: Span) -> Duration {
        Duration::from_micros(span.0)
    }

    fn ask(&self, _: Lsn, _: DiskOp, _: &mut Agenda) {}

    fn is_paused(&self) -> bool {
        true
    }
}

fn owner() -> (Owner<TestNet, Stalled>, mpsc::Receiver<Stamped<Event>>) {
    let (config, id) = (Config::new(3), NodeId(2));
    let (inbox, events) = mpsc::channel(INBOX);
    let node = Node::new(id, config, Variant::REFERENCE);
    (Owner::new(id, node, &config, (TestNet::default(), Stalled), inbox), events)
}

#[test]
fn a_process_that_is_stalled_stops_its_peers() {
    run(async {
        let (mut owner, mut events) = owner();
        let (mut peer, end) = duplex(1024);
        owner.open((NodeId(0), Time(0)), stream(end));
        let writing = async {
            let mut written = 0;
            while let Ok(Ok(())) = timeout(limits().write, frames::write(&mut peer, &PACKET)).await
            {
                written += 1;
                assert!(written < 4 * INBOX, "nothing stops the peer");
            }
            written
        };
        let written = tokio::select! {
            biased;
            written = writing => written,
            _ = owner.run(&mut events) => unreachable!("it is stalled"),
        };
        // As many wait for the owner as have their turn, and as many in front of it.
        assert!((2 * INBOX..3 * INBOX).contains(&written), "{written} packets");
    });
}

#[test]
fn a_peer_that_does_not_read_is_given_up() {
    run(async {
        let (mut owner, _events) = owner();
        let (_deaf, end) = duplex(16);
        let conn = owner.open((NodeId(0), Time(0)), stream(end));
        for _ in 0..OUTBOX {
            owner.send(conn, Packet::Ping);
        }
        assert_eq!(owner.agenda.next_at(), None, "there was room for these");
        owner.send(conn, Packet::Ping);
        let told = owner.agenda.take_due(Time(0), Time(0)).map(|event| event.what);
        assert!(matches!(told, Some(Event::Down { reset: true, .. })), "and for no more");
    });
}
