//! One question, one answer, on this thread's own connection.

use crate::c::{self, Text};
use std::cell::Cell;
use std::ffi::{CStr, c_int};

/// The variable that names the socket of the other end.
pub(crate) const SOCKET: &CStr = c"ZAB_GATE_SOCKET";

/// The longest question: two paths of 1,023 bytes.
const LINE: usize = 2300;

thread_local! {
    /// This thread's connection to the other end, -1 before its first question.
    static CONNECTION: Cell<c_int> = const { Cell::new(-1) };
}

/// Opens a connection to the other end, if there is one.
pub(crate) fn connect() -> Option<c_int> {
    let path = c::variable(SOCKET)?;
    let mut address = Text::<110>::new();
    address.push(&c::AF_UNIX.to_ne_bytes()).push(path);
    // SAFETY: socket, connect and close are called with a descriptor of our own and an address of
    // the length that is given (`sockaddr_un` is a family and 108 bytes).
    unsafe {
        let fd = c::socket(c::AF_UNIX.into(), c::SOCK_STREAM | c::SOCK_CLOEXEC, 0);
        if fd < 0 {
            return None;
        }
        if c::connect(fd, address.as_c().cast(), 110) == 0 {
            return Some(fd);
        }
        c::close(fd);
        None
    }
}

/// Sends all bytes.
pub(crate) fn send(fd: c_int, bytes: &[u8]) -> bool {
    // SAFETY: the bytes are there, as many as are said.
    let sent = unsafe { c::send(fd, bytes.as_ptr().cast(), bytes.len(), c::MSG_NOSIGNAL) };
    usize::try_from(sent) == Ok(bytes.len())
}

/// Waits for the next byte; `None` when there is nobody left to send one.
pub(crate) fn receive(fd: c_int) -> Option<u8> {
    let mut byte = 0_u8;
    loop {
        // SAFETY: there is room for the one byte that is asked for.
        match unsafe { c::recv(fd, (&raw mut byte).cast(), 1, 0) } {
            1 => return Some(byte),
            -1 if c::errno() == c::EINTR => {}
            _ => return None,
        }
    }
}

/// Says a line and waits for the answer; 0 if there is nobody to ask.
fn exchange(fd: c_int, when: &[u8], operation: &[u8], number: i64, paths: &[&[u8]]) -> Option<u8> {
    let mut line = Text::<LINE>::new();
    // SAFETY: both only return a number.
    let (pid, tid) = unsafe { (c::getpid(), c::gettid()) };
    line.push(when).push(b"\t").number(pid.into()).push(b"\t").number(tid.into());
    line.push(b"\t").push(operation).push(b"\t").number(number);
    for path in paths {
        line.push(b"\t").push(path);
    }
    line.push(b"\n");
    if send(fd, line.as_bytes()) { receive(fd) } else { None }
}

/// Asks on this thread's connection, and keeps `errno` as it was.
fn on_own_connection(when: &[u8], operation: &[u8], number: i64, paths: &[&[u8]]) -> u8 {
    let before = c::errno();
    let fd = match CONNECTION.get() {
        -1 => connect(),
        fd => Some(fd),
    };
    let answer = fd.and_then(|fd| {
        CONNECTION.set(fd);
        exchange(fd, when, operation, number, paths)
    });
    c::set_errno(before);
    answer.unwrap_or(0)
}

/// Asks whether an operation may happen; what it returns instead, if not, with `errno` set.
pub(crate) fn may(operation: &[u8], number: i64, paths: &[&[u8]]) -> bool {
    match on_own_connection(b"ask", operation, number, paths) {
        0 => true,
        error => {
            c::set_errno(error.into());
            false
        }
    }
}

/// Says how an operation went; what it returned, or -1 with `errno` set.
pub(crate) fn did(operation: &[u8], returned: i64, paths: &[&[u8]]) {
    let number = if returned < 0 { -i64::from(c::errno()) } else { returned };
    on_own_connection(b"did", operation, number, paths);
}

/// What a stopped thread does, inside a signal handler: nothing but system calls, on a connection
/// of its own, since the interrupted call may be one of [`may`].
pub(crate) extern "C" fn stop(_signal: c_int) {
    let before = c::errno();
    if let Some(fd) = connect() {
        exchange(fd, b"ask", b"stop", 0, &[b"-"]);
        // SAFETY: the descriptor is our own.
        unsafe { c::close(fd) };
    }
    c::set_errno(before);
}
