//! The `zab` command: see [`zab_fuzz::commands`].

use std::process::ExitCode;

fn main() -> ExitCode {
    zab_fuzz::commands::main()
}
