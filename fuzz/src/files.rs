//! Files that are written whole or not at all, and which program writes them.

use std::ffi::OsString;
use std::path::Path;
use std::{env, fs, io};

/// Writes a file: all of it, or nothing.
pub(crate) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut hidden = OsString::from(".");
    hidden.push(path.file_name().unwrap_or_default());
    let hidden = path.with_file_name(hidden);
    fs::write(&hidden, text)?;
    fs::rename(&hidden, path)
}

/// Which build this is: what it was made from decides what executions come to.
pub(crate) fn build() -> io::Result<String> {
    let program = fs::read(env::current_exe()?)?;
    Ok(format!("{:08x}-{}", crc32fast::hash(&program), program.len()))
}
