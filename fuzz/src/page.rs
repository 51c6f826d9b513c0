//! What every page has: it needs nothing besides itself, no font and no network.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A page with this title, these styles after those that all pages share, and this body.
pub(crate) fn document(title: &str, styles: &[&str], body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(include_str!("page.css"))) @for style in styles { (PreEscaped(style)) } }
            }
            body { (body) }
        }
    };
    page.into_string()
}
