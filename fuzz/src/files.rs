//! Files that are written whole or not at all, and which program writes them.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::{env, fs, io};

/// Writes a file: all of it, or nothing, even if the power fails meanwhile.
pub(crate) fn write_whole(path: &Path, contents: impl AsRef<[u8]>) -> io::Result<()> {
    let mut hidden = OsString::from(".");
    hidden.push(path.file_name().unwrap_or_default());
    let hidden = path.with_file_name(hidden);
    let write = |mut file: File| file.write_all(contents.as_ref()).and_then(|()| file.sync_all());
    if let Err(error) = File::create(&hidden).and_then(write) {
        // A part of it is of no use, and the disk may be full.
        let _ = fs::remove_file(&hidden);
        return Err(error);
    }
    fs::rename(&hidden, path)?;
    flush_names(path.parent().unwrap_or(Path::new("")))
}

/// Makes durable which files are in a folder. Where a folder cannot be opened as a file, as on
/// Windows, a rename is on its own.
fn flush_names(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Which build this is: what it was made from decides what executions come to.
pub(crate) fn build() -> io::Result<String> {
    let program = fs::read(env::current_exe()?)?;
    Ok(format!("{:08x}-{}", crc32fast::hash(&program), program.len()))
}
