//! Requests and answers in a few words.

use super::{Answer, Kind, Op, Request, Stat};

pub(super) fn describe(op: &Op) -> String {
    match &op.answer {
        None => asked(&op.request),
        Some(answer) => answered(&op.request, answer),
    }
}

fn asked(request: &Request) -> String {
    let at = |version: &Option<u32>| version.map_or_else(String::new, |v| format!(" at {v}"));
    let all = |requests: &[Request]| requests.iter().map(asked).collect::<Vec<_>>().join("; ");
    match request {
        Request::Create { path, data, kind, is_sequential } => {
            let kind = match kind {
                Kind::Persistent => "",
                Kind::Ephemeral(_) => "ephemeral ",
                Kind::Container => "container ",
                Kind::Ttl => "ttl ",
            };
            let dots = if *is_sequential { "…" } else { "" };
            format!("create {kind}{path}{dots}={data}")
        }
        Request::Set { path, data, version } => format!("set {path}={data}{}", at(version)),
        Request::Delete { path, version } => format!("delete {path}{}", at(version)),
        Request::Check { path, version } => format!("check {path}{}", at(version)),
        Request::Exists(path) => format!("exists {path}"),
        Request::Get(path) => format!("get {path}"),
        Request::Children(path) => format!("children {path}"),
        Request::Multi(requests) => format!("multi ({})", all(requests)),
        Request::MultiRead(requests) => format!("multi-read ({})", all(requests)),
        Request::Close(_) => "end of the session".to_owned(),
        Request::Reap(path) => format!("removal of the empty {path}"),
    }
}

pub(super) fn answered(request: &Request, answer: &Answer) -> String {
    let request_words = asked(request);
    match answer {
        Answer::Created(Some(path), stat) => format!("{request_words} gave {path}{}", of(stat)),
        Answer::Created(None, _) | Answer::Done => request_words,
        Answer::Set(Stat { version: None, .. }) => request_words,
        Answer::Set(stat) => format!("{request_words} gave{}", of(stat).replace(" of", "")),
        Answer::Exists(stat) => format!("{request_words} gave yes{}", of(stat)),
        Answer::Absent => format!("{request_words} gave no"),
        Answer::Data(data, stat) => {
            let data = data.map_or_else(|| "anything".to_owned(), |data| data.to_string());
            format!("{request_words} gave {data}{}", of(stat))
        }
        Answer::Children(names, stat) => {
            format!("{request_words} gave [{}]{}", names.join(", "), of(stat))
        }
        Answer::Multi(answers) => match request {
            Request::MultiRead(parts) | Request::Multi(parts) => {
                let parts: Vec<_> =
                    parts.iter().zip(answers).map(|(r, a)| answered(r, a)).collect();
                let name = request_words.split(' ').next().unwrap_or_default();
                format!("{name} ({})", parts.join("; "))
            }
            _ => request_words,
        },
        Answer::Failed(at, code) => format!("{request_words} gave {code} for part {}", at + 1),
        Answer::Error(code) => format!("{request_words} gave {code}"),
    }
}

fn of(stat: &Stat) -> String {
    let mut words = String::new();
    if let Some(version) = stat.version {
        words.push_str(&format!(" of version {version}"));
    }
    if let Some(cversion) = stat.cversion {
        words.push_str(&format!(", cversion {cversion}"));
    }
    if let Some(children) = stat.children {
        words.push_str(&format!(", {children} children"));
    }
    if stat.is_ephemeral == Some(true) {
        words.push_str(", ephemeral");
    }
    words
}
