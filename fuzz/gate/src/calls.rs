//! The functions of the C library that are replaced.
//!
//! Each keeps the contract of the one it replaces and passes its arguments on as they are; what
//! their caller promised of them is all that the calls below rely on.

use crate::ask::{did, may};
use crate::c::{self, Offset, Size, Text, real};
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};

/// Whether operations on this file are asked about.
fn watched(path: &[u8]) -> bool {
    c::variable(c"ZAB_GATE_FOLDER").is_some_and(|folder| path.starts_with(folder))
}

/// Asks before an operation on an open file and says afterwards how it went.
fn on_file(fd: c_int, name: &[u8], number: i64, call: impl FnOnce() -> i64) -> i64 {
    let before = c::errno();
    let path = Text::<1024>::path_of(fd).filter(|path| watched(path.as_bytes()));
    c::set_errno(before);
    match path {
        Some(path) => on_paths(&[path.as_bytes()], name, number, call),
        None => call(),
    }
}

/// The same for an operation on names.
fn on_paths(paths: &[&[u8]], name: &[u8], number: i64, call: impl FnOnce() -> i64) -> i64 {
    if !paths.iter().any(|path| watched(path)) {
        return call();
    }
    if !may(name, number, paths) {
        return -1;
    }
    let returned = call();
    did(name, returned, paths);
    returned
}

/// The bytes of a C string that a caller passed.
///
/// # Safety
///
/// It has to end in 0, as the replaced functions demand as well.
unsafe fn bytes<'a>(path: *const c_char) -> &'a [u8] {
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(path).to_bytes() }
}

/// `open64`, declared with the mode that C declares as variadic: both ways pass it in the same
/// register on x86-64 and on AArch64, and without `O_CREAT` nobody looks at it.
#[unsafe(no_mangle)]
unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: the caller's arguments, under the caller's promises.
    let call = || unsafe { real::open()(path, flags, mode) };
    if flags & (c::O_ACCESS | c::O_CREAT) == 0 {
        return call();
    }
    // SAFETY: the path ends in 0, or `open` could not read it either.
    on_paths(&[unsafe { bytes(path) }], b"open", flags.into(), || call().into()) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: on 64-bit Linux the two are one.
    unsafe { open64(path, flags, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn write(fd: c_int, from: *const c_void, count: usize) -> Size {
    // SAFETY: the caller's arguments, under the caller's promises.
    on_file(fd, b"write", count as i64, || unsafe { real::write()(fd, from, count) } as i64) as Size
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(fd: c_int, from: *const c_void, count: usize, at: Offset) -> Size {
    // SAFETY: the caller's arguments, under the caller's promises.
    let call = || unsafe { real::pwrite()(fd, from, count, at) } as i64;
    on_file(fd, b"write", count as i64, call) as Size
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite(fd: c_int, from: *const c_void, count: usize, at: Offset) -> Size {
    // SAFETY: on 64-bit Linux the two are one.
    unsafe { pwrite64(fd, from, count, at) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn writev(fd: c_int, from: *const c_void, count: c_int) -> Size {
    // SAFETY: the caller's arguments, under the caller's promises.
    let call = || unsafe { real::writev()(fd, from, count) } as i64;
    on_file(fd, b"write", count.into(), call) as Size
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fsync(fd: c_int) -> c_int {
    // SAFETY: the caller's argument, under the caller's promises.
    on_file(fd, b"fsync", 0, || unsafe { real::fsync()(fd) }.into()) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
    // SAFETY: the caller's argument, under the caller's promises.
    on_file(fd, b"fsync", 0, || unsafe { real::fdatasync()(fd) }.into()) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate64(fd: c_int, length: Offset) -> c_int {
    // SAFETY: the caller's arguments, under the caller's promises.
    on_file(fd, b"truncate", length, || unsafe { real::ftruncate()(fd, length) }.into()) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate(fd: c_int, length: Offset) -> c_int {
    // SAFETY: on 64-bit Linux the two are one.
    unsafe { ftruncate64(fd, length) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: both end in 0, or `rename` could not read them either.
    let paths = unsafe { [bytes(from), bytes(to)] };
    // SAFETY: the caller's arguments, under the caller's promises.
    on_paths(&paths, b"rename", 0, || unsafe { real::rename()(from, to) }.into()) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn remove(path: *const c_char) -> c_int {
    // SAFETY: the path ends in 0, and is passed on under the caller's promises.
    unsafe { on_paths(&[bytes(path)], b"remove", 0, || real::remove()(path).into()) as c_int }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: the path ends in 0, and is passed on under the caller's promises.
    unsafe { on_paths(&[bytes(path)], b"remove", 0, || real::unlink()(path).into()) as c_int }
}

/// An IPv4 connection to a port of the table goes to the other port on the same address.
#[unsafe(no_mangle)]
unsafe extern "C" fn connect(fd: c_int, address: *const c_void, length: c_uint) -> c_int {
    const IPV4: usize = 16;
    let mut copy = [0_u8; IPV4];
    if !address.is_null() && length as usize >= IPV4 {
        // SAFETY: the caller says that this number of bytes is there.
        copy = unsafe { *address.cast::<[u8; IPV4]>() };
    }
    let table = c::variable(c"ZAB_GATE_PORTS").unwrap_or_default();
    let port = u16::from_be_bytes([copy[2], copy[3]]);
    match redirected(table, port) {
        Some(other) if u16::from_ne_bytes([copy[0], copy[1]]) == c::AF_INET => {
            copy[2..4].copy_from_slice(&other.to_be_bytes());
            // SAFETY: the copy has the size of an IPv4 address.
            unsafe { c::connect(fd, copy.as_ptr().cast(), IPV4 as c_uint) }
        }
        // SAFETY: the caller's arguments, under the caller's promises.
        _ => unsafe { c::connect(fd, address, length) },
    }
}

/// Where a connection to this port goes instead.
fn redirected(table: &[u8], port: u16) -> Option<u16> {
    table.split(|byte| *byte == b',').find_map(|entry| {
        let mut ports = entry.split(|byte| *byte == b':').map(number);
        (ports.next()?? == port).then(|| ports.next()?).flatten()
    })
}

fn number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0_u16, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
        number.checked_mul(10)?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use super::redirected;

    #[test]
    fn a_port_of_the_table_becomes_the_other_and_any_other_stays() {
        let table = b"2888:21000,3888:21001";
        assert_eq!(redirected(table, 3888), Some(21001));
        assert_eq!(redirected(table, 2181), None);
        assert_eq!(redirected(b"", 0), None);
        assert_eq!(redirected(b"2888:70000", 2888), None);
    }
}
