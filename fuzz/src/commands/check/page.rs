//! A page that shows violations.

use zab_checker::judge::Report;

pub(super) fn render(_: &Report, name: &str) -> String {
    name.to_owned()
}
