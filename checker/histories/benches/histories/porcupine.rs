//! The same histories judged by Porcupine, if it is there.

use history_checker::format::{event, write_jsonl};
use history_checker::linearizability::Call;
use history_checker::model::register::Op;
use history_checker::record::Recorded;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const PROGRAM: &str = include_str!("porcupine.go");

/// How long it took in comparison, as the rest of a note.
pub(crate) fn beside(histories: &[Vec<Call<Op>>], ours: &[Duration]) -> String {
    let Some(checkout) = std::env::var_os("PORCUPINE") else {
        return "; PORCUPINE is not set".to_owned();
    };
    let theirs = match judge(histories, Path::new(&checkout)) {
        Ok(theirs) => theirs,
        Err(why) => return format!("; Porcupine: {why}"),
    };
    let seconds = |times: &[Duration]| times.iter().map(Duration::as_secs_f64).sum::<f64>();
    let ratios = ours
        .iter()
        .zip(&theirs)
        .map(|(ours, (theirs, _))| ours.as_secs_f64() / theirs.as_secs_f64());
    let worst = ratios.fold(0.0, f64::max);
    let undecided = theirs.iter().filter(|(_, verdict)| verdict == "Unknown").count();
    let theirs: Vec<Duration> = theirs.into_iter().map(|(time, _)| time).collect();
    let sum = seconds(&theirs);
    format!(
        "; Porcupine {sum:.2} s ({undecided} undecided): {:.2} of its time in sum, {worst:.2} at \
         worst",
        seconds(ours) / sum
    )
}

/// Its time and verdict for each.
fn judge(histories: &[Vec<Call<Op>>], checkout: &Path) -> Result<Vec<(Duration, String)>, String> {
    let folder = std::env::temp_dir().join(format!("porcupine-{}", std::process::id()));
    let result = judge_in(&folder, histories, checkout);
    std::fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
    result
}

fn judge_in(
    folder: &Path,
    histories: &[Vec<Call<Op>>],
    checkout: &Path,
) -> Result<Vec<(Duration, String)>, String> {
    let text = |error: std::io::Error| error.to_string();
    std::fs::create_dir_all(folder).map_err(text)?;
    std::fs::write(folder.join("main.go"), PROGRAM).map_err(text)?;
    let module = format!(
        "module beside\n\ngo 1.16\n\nrequire github.com/anishathalye/porcupine v0.0.0\n\n\
         replace github.com/anishathalye/porcupine => {}\n",
        checkout.display()
    );
    std::fs::write(folder.join("go.mod"), module).map_err(text)?;
    let mut names = Vec::new();
    for (at, calls) in histories.iter().enumerate() {
        let name = format!("{at:02}.jsonl");
        let recorded = Recorded::from_calls(calls.clone(), vec![0; calls.len()]);
        let file = std::fs::File::create(folder.join(&name)).map_err(text)?;
        write_jsonl(event::of_registers(&recorded), std::io::BufWriter::new(file)).map_err(text)?;
        names.push(name);
    }
    let mut command = Command::new("go");
    command.arg("run").arg(".").args(&names).current_dir(folder).env("GOMAXPROCS", "1");
    let output = command.output().map_err(text)?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).replace('\n', " "));
    }
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let figures = lines.lines().filter_map(|line| {
        let (verdict, microseconds) = line.split_once(' ')?;
        let time = Duration::from_micros(microseconds.parse().ok()?);
        Some((time, verdict.to_owned()))
    });
    let figures: Vec<_> = figures.collect();
    if figures.len() == histories.len() { Ok(figures) } else { Err(lines) }
}
