//! The gate in front of programs that are no servers.

use super::*;
use crate::real::board::Board;
use crate::real::disk::Journaled;
use crate::real::matter::Files as Which;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const SERVER: NodeId = NodeId(0);
const PATIENCE: Duration = Duration::from_secs(30);

/// A program that is no server behind the gate of one: what it does to files is the same.
struct Behind {
    board: Arc<Board>,
    folder: tempfile::TempDir,
}

impl Behind {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        std::fs::write(folder.path().join("gate.so"), LIBRARY).expect("it can be written");
        std::fs::create_dir(folder.path().join("data")).expect("it can be made");
        let board = Board::new(1, false, &folder.path().join("trace")).expect("it can be written");
        let board = Arc::new(board);
        listen(&board, SERVER, &folder.path().join("socket")).expect("a socket");
        Self { board, folder }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs a program; no shell, which would be a process of its own behind the gate.
    fn run(&self, program: &str, args: &[&str]) -> Child {
        let path = |name| self.folder.path().join(name);
        self.board.change(|state| {
            let child = Command::new(program)
                .args(args)
                .current_dir(self.data())
                .env("LD_PRELOAD", path("gate.so"))
                .env("ZAB_GATE_SOCKET", path("socket"))
                .env("ZAB_GATE_FOLDER", self.data())
                .stdin(Stdio::piped())
                .spawn()
                .expect("it is everywhere");
            state.life(SERVER).pid = Some(child.id());
            child
        })
    }

    /// Writes a word into a file and syncs it, as a server logs.
    fn log(&self, name: &str, word: &str) -> Child {
        self.copy(name, word, "conv=notrunc,fdatasync")
    }

    /// Writes a word into a file with `dd`.
    fn copy(&self, name: &str, word: &str, how: &str) -> Child {
        let source = self.folder.path().join("word");
        std::fs::write(&source, word).expect("it can be written");
        let target = self.data().join(name);
        let (source, target) =
            (format!("if={}", source.display()), format!("of={}", target.display()));
        self.run("dd", &[&source, &target, how, "status=none"])
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.data().join(name)).unwrap_or_default()
    }

    fn wait_until_held(&self, which: &Which) {
        let held = self.board.wait(PATIENCE, |state| {
            state.files.waiting.iter().any(|at| which.covers(&at.what)).then_some(())
        });
        held.expect("it comes to the gate");
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.board.change(|state| state.over = true);
        hang_up(&self.folder.path().join("socket"));
    }
}

fn log(operation: Operation) -> Which {
    Which { file: "log".to_owned(), operation: Some(operation) }
}

#[test]
fn a_held_write_has_not_happened_and_happens_when_it_is_released() {
    let behind = Behind::new();
    let write = log(Operation::Write);
    behind.board.change(|state| state.files.holds.push((SERVER, write.clone())));
    let mut child = behind.log("log.1", "record");
    behind.wait_until_held(&write);
    assert_eq!(behind.read("log.1"), "");
    behind.board.change(|state| state.files.holds.clear());
    assert!(child.wait().expect("it ends").success());
    assert_eq!(behind.read("log.1"), "record");
}

#[test]
fn an_operation_that_is_to_fail_fails_and_changes_nothing() {
    let behind = Behind::new();
    const EIO: u8 = 5;
    behind.board.change(|state| {
        state.files.failures.push((SERVER, log(Operation::Write), EIO));
    });
    assert!(!behind.log("log.1", "record").wait().expect("it ends").success());
    assert_eq!(behind.read("log.1"), "");
    assert!(behind.log("snapshot.1", "tree").wait().expect("it ends").success());
}

#[test]
fn power_takes_what_no_fsync_that_ended_covers() {
    let behind = Behind::new();
    assert!(behind.log("log.1", "one").wait().expect("it ends").success());
    let fsync = log(Operation::Fsync);
    behind.board.change(|state| state.files.holds.push((SERVER, fsync.clone())));
    let mut child = behind.log("log.1", "another");
    behind.wait_until_held(&fsync);
    assert_eq!(behind.read("log.1"), "another");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    behind.board.change(|state| state.life(SERVER).pid = None);
    let quiet = |state: &mut State| state.files.is_quiet(SERVER).then_some(());
    behind.board.wait(PATIENCE, quiet).expect("its connections end with it");
    let data = behind.data();
    let changes = behind.board.change(|state| state.disks[0].power_failure(&data));
    assert_eq!(changes.expect("a folder"), ["log.1 is as it was synced"]);
    assert_eq!(behind.read("log.1"), "one");
}

/// As a snapshot is written once more in its place (`SnapStream.getOutputStream` without fsync).
#[test]
fn a_file_that_is_emptied_as_it_is_opened_may_be_left_empty() {
    let behind = Behind::new();
    assert!(behind.log("snapshot.1", "tree").wait().expect("it ends").success());
    assert!(behind.copy("snapshot.1", "tree", "bs=4k").wait().expect("it ends").success());
    let left = |state: &mut State| {
        let files = state.disks[0].durable();
        files.map(|(name, held)| (name.to_owned(), held.to_vec())).collect::<Vec<_>>()
    };
    let of = |held: &[u8]| vec![("snapshot.1".to_owned(), held.to_vec())];
    assert_eq!(behind.board.change(left), of(b"tree"));
    behind.board.change(|state| state.disks[0].commit_journal(&Journaled::All));
    assert_eq!(behind.board.change(left), of(b""));
}

#[test]
fn a_process_ends_itself_when_nobody_is_left_who_could_let_anything_happen() {
    let behind = Behind::new();
    let mut child = behind.run("cat", &[]);
    // To wait for the child would close this, and with it the input that keeps it alive.
    let _input = child.stdin.take();
    let pid = child.id();
    let known = |state: &mut State| state.files.has_control(SERVER, pid).then_some(());
    behind.board.wait(PATIENCE, known).expect("it says that it is there");
    behind.board.change(|state| {
        for (_, _, stream) in state.files.controls.drain(..) {
            stream.shutdown(std::net::Shutdown::Both).expect("it is open");
        }
    });
    assert_eq!(child.wait().expect("it ends").code(), Some(137));
}

#[test]
fn a_process_that_starts_when_nobody_is_left_ends_at_once() {
    let behind = Behind::new();
    std::fs::remove_file(behind.folder.path().join("socket")).expect("it is there");
    assert_eq!(behind.run("cat", &[]).wait().expect("it ends").code(), Some(137));
}

#[test]
fn a_thread_that_is_stopped_stands_until_it_is_released() {
    let behind = Behind::new();
    let mut child = behind.run("cat", &[]);
    let pid = child.id();
    let known = |state: &mut State| state.files.has_control(SERVER, pid).then_some(());
    behind.board.wait(PATIENCE, known).expect("it says that it is there");
    behind.board.change(|state| {
        state.files.stopped.push((SERVER, "cat".to_owned()));
        state.files.signal(SERVER, pid, pid, Signal::Stop).expect("it listens");
    });
    behind.wait_until_held(&Which { file: "any".to_owned(), operation: None });
    drop(child.stdin.take());
    assert!(child.try_wait().expect("it can be asked").is_none(), "it cannot see that");
    behind.board.change(|state| state.files.stopped.clear());
    assert!(child.wait().expect("it ends").success());
}
