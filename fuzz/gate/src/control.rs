//! The connection through which threads are stopped, and without which the process ends.

use crate::{ask, c};
use std::ffi::{c_int, c_void};

/// Opens the control connection, before the process does anything of its own. Whoever was to hold the
/// other end may have ended by now, and then so does this process.
pub(crate) extern "C" fn start() {
    if c::variable(ask::SOCKET).is_none() {
        return;
    }
    let Some(fd) = ask::connect() else { end() };
    // SAFETY: the handler is a function for the life of the process; the new thread gets a number and
    // no address, and nobody joins it.
    unsafe {
        c::signal(c::STOP, ask::stop);
        let mut thread = 0;
        let number = std::ptr::without_provenance_mut(fd as usize);
        if c::pthread_create(&raw mut thread, std::ptr::null(), listen, number) == 0 {
            c::pthread_detach(thread);
        }
    }
}

extern "C" fn listen(fd: *mut c_void) -> *mut c_void {
    let fd = fd.addr() as c_int;
    let all_signals = [u64::MAX; 16];
    // SAFETY: the set has the size of glibc's. Signals are left to the threads of the server.
    unsafe {
        c::pthread_sigmask(c::BLOCK_SIGNALS, (&raw const all_signals).cast(), std::ptr::null_mut());
    }
    let mut hello = c::Text::<32>::new();
    // SAFETY: it only returns a number.
    let pid = unsafe { c::getpid() };
    hello.push(b"control\t").number(pid.into()).push(b"\n");
    if ask::send(fd, hello.as_bytes()) {
        signal_threads(fd, pid);
    }
    end()
}

fn end() -> ! {
    // SAFETY: it ends the process, without running anything of it.
    unsafe { c::_exit(137) }
}

/// Sends each signal to its thread, until nothing is received any more.
fn signal_threads(fd: c_int, pid: c_int) {
    let mut numbers = [0; 2];
    while let Some(byte) = ask::receive(fd) {
        match byte {
            b'0'..=b'9' => numbers[1] = numbers[1] * 10 + c_int::from(byte - b'0'),
            b' ' => numbers = [numbers[1], 0],
            _ => {
                let [tid, signal] = std::mem::take(&mut numbers);
                // SAFETY: a signal to a thread of this process; one that has ended is an error
                // of the call and nothing else.
                unsafe { c::tgkill(pid, tid, signal) };
            }
        }
    }
}
