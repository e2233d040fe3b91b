//! Completions and man pages are committed and are what the command tree says; OBS_BLESS=1 writes them anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_complete::Shell;
use clap_complete::aot::generate;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use obs::cli::Cli;

fn rendered() -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for (shell, name) in [
        (Shell::Bash, "obs.bash"),
        (Shell::Zsh, "_obs"),
        (Shell::Fish, "obs.fish"),
        (Shell::PowerShell, "_obs.ps1"),
    ] {
        let mut text = Vec::new();
        generate(shell, &mut Cli::command(), "obs", &mut text);
        files.insert(Path::new("completions").join(name), text);
    }
    let mut root = Cli::command();
    root.build();
    files.insert("man/obs.1".into(), page(root.clone()));
    pages_of_subcommands(&root, "obs", &mut files);
    files
}

fn pages_of_subcommands(parent: &clap::Command, path: &str, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for command in parent.get_subcommands() {
        let name = format!("{path}-{}", command.get_name());
        pages_of_subcommands(command, &name, files);
        files.insert(format!("man/{name}.1").into(), page(command.clone().name(name)));
    }
}

fn page(command: clap::Command) -> Vec<u8> {
    let examples = command.get_before_help().map(ToString::to_string).unwrap_or_default();
    // The examples get a section of their own.
    let man = Man::new(command.before_help("").before_long_help("")).manual("obs").date("");
    let mut text = Vec::new();
    man.render(&mut text).unwrap();
    let mut text = String::from_utf8(text).unwrap().replace(".SH EXTRA\n", ".SH NOTES\n").into_bytes();
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    roff.control("nf", []);
    for line in examples.lines().skip(1) {
        roff.text([bold(line.trim_start())]);
    }
    roff.control("fi", []);
    roff.text([roman("")]);
    roff.to_writer(&mut text).unwrap();
    text
}

#[test]
fn committed_files_are_those_of_the_command_tree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bless = std::env::var_os("OBS_BLESS").is_some();
    let rendered = rendered();
    for (path, text) in &rendered {
        let path = root.join(path);
        if bless {
            std::fs::write(&path, text).unwrap();
        }
        let committed = std::fs::read(&path).unwrap_or_default();
        let same = committed == *text;
        assert!(same, "{} is out of date; OBS_BLESS=1 cargo test generated writes it anew", path.display());
    }
    for folder in ["completions", "man"] {
        let found = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().file_name());
        let stale: Vec<_> =
            found.filter(|name| !rendered.contains_key(&Path::new(folder).join(name))).collect();
        assert!(stale.is_empty(), "{folder} has files of no subcommand: {stale:?}");
    }
}

#[test]
fn the_command_tree_is_sound() {
    Cli::command().debug_assert();
    let mut commands = vec![Cli::command()];
    while let Some(command) = commands.pop() {
        for argument in command.get_arguments() {
            let name = format!("{} {}", command.get_name(), argument.get_id());
            let help = argument.get_help().unwrap_or_else(|| panic!("{name} has no help")).to_string();
            assert!(!help.ends_with('.') && help.len() <= 120, "{name}: {help}");
        }
        commands.extend(command.get_subcommands().cloned());
    }
}

#[test]
fn help_leads_with_examples() {
    for arguments in [&["--help"][..], &["collect", "--help"], &["sample", "--help"], &["relay", "-h"]] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_obs")).args(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.starts_with("Examples:\n  "), "{text}");
    }
}
