//! The page in a real browser: no error, no request, nothing cut off, and the keyboard moves it.
//!
//! Skipped where there is no Chromium (`apt-get install chromium`); with `ZAB_BROWSER=required` that
//! is a failure. `ZAB_AXE` may name a copy of `axe.min.js` (npm's `axe-core`), which then looks for
//! what keeps people from using the page.

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use zab_fuzz::case;
use zab_fuzz::explain::Story;
use zab_fuzz::explain::picture::{self, Shown};
use zab_fuzz::oracle::Oracle;

/// One of each class, from 220 to 800 events.
const CASES: [&str; 9] = [
    "O1/stale-ack.json",
    "O6/unflushed-start--5-servers.json",
    "O2/zookeeper-4646.json",
    "O3/leads-unpromised.json",
    "O6/zookeeper-4712.json",
    "O8/zookeeper-2845.json",
    "O9/committed-log-skips-sync--5-servers.json",
    "O9/lower-epoch.json",
    "valid/zk-3.8.0-reset-of-a-stalled-server.json",
];

/// Before anything else: takes note of what goes wrong.
const WATCH: &str = "<script>
window.wrong = [];
addEventListener('error', (event) => wrong.push(event.message));
for (const name of ['error', 'warn']) console[name] = (...what) => wrong.push(what.join(' '));
</script>";

/// After everything else: does what a reader would do, and writes down what there is to see.
const PROBE: &str = include_str!("browser/probe.js");

fn browser() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&paths)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file());
    if found.is_none() {
        let is_required = std::env::var("ZAB_BROWSER").is_ok_and(|value| value == "required");
        assert!(!is_required, "no Chromium, and ZAB_BROWSER=required");
        eprintln!("skipped: no Chromium; `apt-get install chromium`");
    }
    found
}

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(name);
    let case = case::read(&path).expect("a stored case");
    let named = case.named();
    let recording = Oracle::new(case.driver).record(&case.schedule, named.releases());
    let command = format!("cargo zab explain fuzz/cases/{name}");
    picture::page(Shown {
        case: &case,
        variant: &named.name,
        command: &command,
        recording: &recording,
        story: &Story::of(&recording),
    })
}

/// What the probe finds in a page.
fn probe(browser: &Path, page: &str) -> Value {
    let axe = std::env::var_os("ZAB_AXE").map_or_else(String::new, |file| {
        let script = fs::read_to_string(file).expect("ZAB_AXE names a file");
        format!("<script>{script}</script>")
    });
    let page = page.replace("<head>", &format!("<head>{WATCH}"));
    let page = page.replace("</body>", &format!("{axe}<script>{PROBE}</script></body>"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("page.html");
    fs::write(&file, page).expect("it can be written to");
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1280,900"])
        .args(["--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("the browser starts");
    let dom = String::from_utf8_lossy(&output.stdout);
    let found =
        dom.split_once("<pre id=\"probe\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let (found, _) =
        found.unwrap_or_else(|| panic!("no probe: {}", String::from_utf8_lossy(&output.stderr)));
    let found = found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&found).expect("the probe writes JSON")
}

#[test]
fn a_page_can_be_read_and_stepped_through() {
    let Some(browser) = browser() else {
        return;
    };
    for name in CASES {
        let found = probe(&browser, &page(name));
        let number = |of: &str| found[of].as_f64().unwrap_or_else(|| panic!("{name}: {found}"));
        assert_eq!(found["wrong"], json!([]), "{name}");
        assert_eq!(found["axe"], json!([]), "{name}");
        assert_eq!(number("requests"), 0.0, "{name}: nothing is loaded");
        assert!(number("width") <= 1280.0, "{name}: scrolls sideways: {found}");
        assert!(number("verdict") <= 1280.0, "{name}: is cut off: {found}");
        assert_eq!(found["isDim"], true, "{name}");
        assert!(number("isMarked") <= 1.0, "{name}: {found}");
        assert_eq!(
            number("sentences"),
            number("count"),
            "{name}: each sentence is reached: {found}"
        );
        assert!(number("tables") > 3.0, "{name}: stepping changes the table: {found}");
        assert!(number("back") < number("end"), "{name}: stepping back moves up: {found}");
    }
}
