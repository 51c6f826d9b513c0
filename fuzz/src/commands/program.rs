//! What this program is called by whoever runs it: `cargo zab` in a checkout, `zab` where it is installed.
//!
//! Every text of the command says `cargo zab`; this is the one place that knows better.

use std::borrow::Cow;

/// As it is called in a checkout, and in everything that is kept.
const IN_A_CHECKOUT: &str = "cargo zab";

/// As it is called where it is installed.
const INSTALLED: &str = "zab";

/// A text with the commands in it as the user has to type them.
pub(super) fn spelled(text: &str) -> Cow<'_, str> {
    // Cargo tells every program that it runs where cargo is.
    if std::env::var_os("CARGO").is_some() { Cow::Borrowed(text) } else { installed(text) }
}

/// A text with the commands in it as they are typed where the program is installed.
pub(super) fn installed(text: &str) -> Cow<'_, str> {
    if text.contains(IN_A_CHECKOUT) {
        Cow::Owned(text.replace(IN_A_CHECKOUT, INSTALLED))
    } else {
        Cow::Borrowed(text)
    }
}
