//! What is used of the C library, declared by hand: the gate is compiled by itself, by `rustc` alone.
//!
//! Nothing of `std` that would call the replaced functions is used anywhere in this crate: a call
//! of ours must not come back to us.

use std::ffi::{c_char, c_int, c_long, c_uint, c_void};

/// `ssize_t` and `off_t` on every 64-bit Linux.
pub(crate) type Size = isize;
pub(crate) type Offset = i64;

pub(crate) const AF_UNIX: u16 = 1;
pub(crate) const AF_INET: u16 = 2;
pub(crate) const SOCK_STREAM: c_int = 1;
pub(crate) const SOCK_CLOEXEC: c_int = 0o2_000_000;
pub(crate) const MSG_NOSIGNAL: c_int = 0x4000;
pub(crate) const EINTR: c_int = 4;
pub(crate) const O_ACCESS: c_int = 3;
pub(crate) const O_CREAT: c_int = 0o100;
/// Has a thread stop: one of the signals that neither glibc nor the Java virtual machine uses.
pub(crate) const STOP: c_int = 45;

unsafe extern "C" {
    pub(crate) fn getenv(name: *const c_char) -> *const c_char;
    pub(crate) fn getpid() -> c_int;
    pub(crate) fn gettid() -> c_int;
    pub(crate) fn tgkill(pid: c_int, tid: c_int, signal: c_int) -> c_int;
    pub(crate) fn signal(signal: c_int, handler: extern "C" fn(c_int)) -> usize;
    pub(crate) fn pthread_sigmask(how: c_int, set: *const c_void, old: *mut c_void) -> c_int;
    pub(crate) fn pthread_create(
        thread: *mut usize,
        attributes: *const c_void,
        start: extern "C" fn(*mut c_void) -> *mut c_void,
        argument: *mut c_void,
    ) -> c_int;
    pub(crate) fn pthread_detach(thread: usize) -> c_int;
    pub(crate) fn readlink(path: *const c_char, out: *mut c_char, size: usize) -> Size;
    pub(crate) fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int;
    /// `connect` as the C library calls it itself, which nobody replaces.
    #[link_name = "__connect"]
    pub(crate) fn connect(fd: c_int, address: *const c_void, length: c_uint) -> c_int;
    pub(crate) fn close(fd: c_int) -> c_int;
    pub(crate) fn send(fd: c_int, bytes: *const c_void, count: usize, flags: c_int) -> Size;
    pub(crate) fn recv(fd: c_int, bytes: *mut c_void, count: usize, flags: c_int) -> Size;
    pub(crate) fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    pub(crate) fn _exit(code: c_int) -> !;
    fn __errno_location() -> *mut c_int;
}

pub(crate) const BLOCK_SIGNALS: c_int = 0;

pub(crate) fn errno() -> c_int {
    // SAFETY: glibc gives the address of this thread's own number, which is always valid.
    unsafe { *__errno_location() }
}

pub(crate) fn set_errno(number: c_int) {
    // SAFETY: as above; no other thread has this address.
    unsafe { *__errno_location() = number }
}

/// The next definition of a symbol after ours: the C library's.
///
/// # Safety
///
/// `T` has to be the type of the function of that name.
unsafe fn next<T: Copy>(name: &std::ffi::CStr) -> T {
    const RTLD_NEXT: *mut c_void = usize::MAX as *mut c_void;
    const { assert!(size_of::<T>() == size_of::<*mut c_void>()) };
    // SAFETY: the name ends in 0; every name that is asked for stands in glibc, so that the result
    // is the address of a function, which has the caller's type.
    unsafe { std::mem::transmute_copy(&dlsym(RTLD_NEXT, name.as_ptr())) }
}

macro_rules! real {
    ($($name:ident: $symbol:literal, $type:ty;)*) => {
        /// The functions that are replaced, as the C library has them.
        pub(crate) mod real {
            use super::*;
            $(pub(crate) fn $name() -> $type {
                // SAFETY: the type is that of the C library's function of this name. `dlsym` takes
                // no more than a lookup in a hash table beside the call into the kernel.
                unsafe { next($symbol) }
            })*
        }
    };
}

real! {
    open: c"open64", unsafe extern "C" fn(*const c_char, c_int, ...) -> c_int;
    write: c"write", unsafe extern "C" fn(c_int, *const c_void, usize) -> Size;
    pwrite: c"pwrite64", unsafe extern "C" fn(c_int, *const c_void, usize, Offset) -> Size;
    writev: c"writev", unsafe extern "C" fn(c_int, *const c_void, c_int) -> Size;
    fsync: c"fsync", unsafe extern "C" fn(c_int) -> c_int;
    fdatasync: c"fdatasync", unsafe extern "C" fn(c_int) -> c_int;
    ftruncate: c"ftruncate64", unsafe extern "C" fn(c_int, Offset) -> c_int;
    rename: c"rename", unsafe extern "C" fn(*const c_char, *const c_char) -> c_int;
    remove: c"remove", unsafe extern "C" fn(*const c_char) -> c_int;
    unlink: c"unlink", unsafe extern "C" fn(*const c_char) -> c_int;
}

/// A variable of the environment, without a copy.
pub(crate) fn variable(name: &std::ffi::CStr) -> Option<&'static [u8]> {
    // SAFETY: the name ends in 0. Nothing in a server changes its environment, so what is found
    // stays where it is.
    unsafe {
        let found = getenv(name.as_ptr());
        (!found.is_null()).then(|| std::ffi::CStr::from_ptr(found).to_bytes())
    }
}

/// Room for text, on the stack: a call of `malloc` may be what was interrupted.
pub(crate) struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Text<N> {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; N], length: 0 }
    }

    /// What does not fit is left out, the last byte always: it stays 0.
    pub(crate) fn push(&mut self, more: &[u8]) -> &mut Self {
        let fits = more.len().min(N - 1 - self.length);
        self.bytes[self.length..self.length + fits].copy_from_slice(&more[..fits]);
        self.length += fits;
        self
    }

    pub(crate) fn number(&mut self, number: c_long) -> &mut Self {
        if number < 0 {
            self.push(b"-");
        }
        let (mut digits, mut at, mut left) = ([0_u8; 20], 20, number.unsigned_abs());
        loop {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                return self.push(&digits[at..]);
            }
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    pub(crate) fn as_c(&self) -> *const c_char {
        self.bytes.as_ptr().cast()
    }

    /// What the file descriptor is open for, if it is a file.
    pub(crate) fn path_of(fd: c_int) -> Option<Self> {
        let mut link = Text::<32>::new();
        link.push(b"/proc/self/fd/").number(fd.into());
        let mut path = Self::new();
        // SAFETY: the link's name ends in 0, and the kernel writes at most as much as there is room for.
        let length = unsafe { readlink(link.as_c(), path.bytes.as_mut_ptr().cast(), N - 1) };
        path.length = usize::try_from(length).ok()?;
        Some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_holds_numbers_and_leaves_out_what_does_not_fit() {
        let mut text = Text::<16>::new();
        text.number(0).push(b" ").number(-120).push(b" ").number(i64::MAX);
        assert_eq!(text.as_bytes(), b"0 -120 92233720");
    }

    #[test]
    fn a_descriptor_is_known_by_its_path() {
        use std::os::fd::AsRawFd;
        let file = std::fs::File::open("/dev/null").expect("it is everywhere");
        let path = Text::<64>::path_of(file.as_raw_fd()).expect("it is open");
        assert_eq!(path.as_bytes(), b"/dev/null");
        assert!(Text::<64>::path_of(-1).is_none());
    }
}
