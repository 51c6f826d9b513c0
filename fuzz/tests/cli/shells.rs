//! What an installed command brings for shells and for `man`.

use super::{folder, stderr, stdout, zab};
use std::fs;
use std::process::Command;

/// Every subcommand, as help lists them.
fn subcommands() -> Vec<String> {
    let folder = folder();
    let help = stdout(&zab(folder.path(), &["--help"]));
    let list = help.split_once("Commands:\n").expect("help lists commands").1;
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().expect("a name").to_owned()).collect()
}

#[test]
fn a_shell_can_complete_every_subcommand() {
    let folder = folder();
    let commands = subcommands();
    assert!(commands.len() > 12, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = zab(folder.path(), &["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let script = stdout(&output);
        for command in &commands {
            assert!(script.contains(command.as_str()), "{shell} does not know {command}");
        }
    }
}

#[test]
fn bash_completes_with_the_script() {
    let folder = folder();
    let script = stdout(&zab(folder.path(), &["completions", "bash"]));
    fs::write(folder.path().join("zab.bash"), script).expect("there is room");
    let ask = "source ./zab.bash; COMP_WORDS=(zab re); COMP_CWORD=1; _zab zab re zab; \
               echo ${COMPREPLY[@]}";
    let bash = Command::new("bash").args(["-c", ask]).current_dir(folder.path()).output();
    let answer = stdout(&bash.expect("there is bash"));
    let words: Vec<&str> = answer.split_whitespace().collect();
    assert!(words.contains(&"replay"), "{answer}");
    assert!(!words.contains(&"hunt"), "{answer}");
}

#[test]
fn every_subcommand_has_a_manual_page() {
    let folder = folder();
    let output = zab(folder.path(), &["man", "pages"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let page = |name: &str| {
        let file = folder.path().join("pages").join(format!("{name}.1"));
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    };
    for command in subcommands().iter().filter(|name| *name != "help") {
        let page = page(&format!("zab-{command}"));
        for section in [".TH ", ".SH NAME", ".SH SYNOPSIS"] {
            assert!(page.contains(section), "{command}: {section}");
        }
    }
    assert!(page("zab").contains("Hunts for schedules"));
}
