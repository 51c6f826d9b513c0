//! Any bytes through every parser: none panics, and what one accepts it writes and reads again.

use crate::case;
use zab_checker::format;
use zab_checker::record::{self, Dialect, Registers, Znodes};
use zab_sim::Schedule;
use zab_sim::disk::record::scan;

/// Feeds the bytes to every parser.
///
/// # Errors
///
/// What did not come back as it was written.
pub fn run(bytes: &[u8]) -> Result<(), String> {
    let schedule = Schedule::from_bytes(bytes);
    same("schedule", &Schedule::from_bytes(&schedule.to_bytes()), &schedule)?;
    schedule.validate().map_err(|error| format!("bytes become no valid schedule: {error}"))?;
    let _ = scan(bytes);
    #[cfg(feature = "turmoil")]
    frame(bytes)?;
    histories(bytes)?;
    std::str::from_utf8(bytes).map_or(Ok(()), text)
}

/// What came back is what was written.
pub(super) fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    got: &T,
    wanted: &T,
) -> Result<(), String> {
    if got == wanted { Ok(()) } else { Err(format!("{what} {wanted:?} comes back as {got:?}")) }
}

#[cfg(feature = "turmoil")]
fn frame(bytes: &[u8]) -> Result<(), String> {
    use zab_sim::shell::codec::{decode, encode};
    let Ok(frame) = decode(bytes) else { return Ok(()) };
    let mut written = Vec::new();
    encode(&frame, &mut written);
    same(&format!("{frame:?}"), &written.as_slice(), &bytes)
}

fn text(text: &str) -> Result<(), String> {
    if let Ok(schedule) = Schedule::from_json(text) {
        let again = Schedule::from_json(&schedule.to_json()).map_err(|error| error.to_string())?;
        same("schedule", &again, &schedule)?;
        same("schedule", &Schedule::from_bytes(&schedule.to_bytes()), &schedule)?;
    }
    if let Ok(case) = case::parse(text) {
        let again = case::parse(&case::render(&case)).map_err(|error| error.to_string())?;
        same("case", &again, &case)?;
    }
    Ok(())
}

/// A history in whatever format it looks like, for each model that reads such.
fn histories(bytes: &[u8]) -> Result<(), String> {
    let mut lines = 0;
    let read = format::read(bytes, &mut |_| {
        lines += 1;
        Ok(())
    });
    if read.is_ok() && lines > bytes.len() {
        return Err(format!("{lines} lines in {} bytes", bytes.len()));
    }
    let _ = record::read(bytes, Registers(Dialect::Kv));
    let _ = record::read(bytes, Znodes);
    Ok(())
}
