//! The configuration file: a TOML table whose keys are the flags of `kefu serve`. Its values are the defaults of flags
//! that neither the command line nor the environment sets.

use anyhow::{Context, bail};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// The values of a file, by flag.
type Defaults = BTreeMap<String, Vec<String>>;

/// The sources of the program's arguments.
pub(super) struct Sources {
    matches: ArgMatches,
    file: Option<PathBuf>,
    defaults: Defaults,
}

impl Sources {
    /// Reads the command line, the environment, and the configuration file that either names. clap prints help and
    /// errors itself, and ends the program.
    ///
    /// # Errors
    /// When the file cannot be read, or has an unknown key or an unsuitable value.
    pub(super) fn read<C: CommandFactory + FromArgMatches>() -> anyhow::Result<(C, Self)> {
        let matches = C::command().get_matches();
        let file = matches.get_one::<PathBuf>("config").cloned();
        let (matches, defaults) = match &file {
            None => (matches, Defaults::new()),
            Some(path) => apply(C::command(), path)?,
        };
        let cli = C::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        Ok((cli, Sources { matches, file, defaults }))
    }

    /// The settings of `serve`, which is a subcommand of `command`, with their values and sources. Secrets are hidden.
    pub(super) fn settings(&self, command: &Command) -> Value {
        let mut matches = &self.matches;
        while let Some((_, deeper)) = matches.subcommand() {
            matches = deeper;
        }
        let setting = |arg: &Arg| {
            let name = arg.get_long()?;
            let raw = matches.get_raw(arg.get_id().as_str()).into_iter().flatten();
            let values: Vec<_> = raw.map(|value| value.to_string_lossy()).collect();
            let source = match matches.value_source(arg.get_id().as_str()) {
                Some(ValueSource::CommandLine) => "flag".to_owned(),
                Some(ValueSource::EnvVariable) => "environment".to_owned(),
                Some(_) if self.defaults.contains_key(name) => self.file.as_ref()?.display().to_string(),
                _ => "default".to_owned(),
            };
            let hidden =
                arg.is_hide_env_values_set() && values.iter().any(|value| !value.starts_with("file:"));
            let shown = if hidden { "(hidden)".to_owned() } else { values.join(",") };
            Some((name.to_owned(), json!({"value": shown, "source": source})))
        };
        Value::Object(
            serve(command).into_iter().flat_map(Command::get_arguments).filter_map(setting).collect(),
        )
    }
}

fn serve(command: &Command) -> Option<&Command> {
    command.find_subcommand("serve")
}

/// Parses the arguments again, with the file's values as defaults.
fn apply(command: Command, path: &Path) -> anyhow::Result<(ArgMatches, Defaults)> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("reading the configuration file {}", path.display()))?;
    let known: Vec<_> =
        serve(&command).into_iter().flat_map(Command::get_arguments).filter_map(Arg::get_long).collect();
    let defaults = defaults(&text, &known).with_context(|| format!("in {}", path.display()))?;
    match with_defaults(command, &defaults).try_get_matches() {
        Ok(matches) => Ok((matches, defaults)),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            error.exit()
        }
        Err(error) => {
            let said = error.to_string();
            bail!(
                "in {}: {}",
                path.display(),
                said.trim_start_matches("error: ").lines().next().unwrap_or_default()
            )
        }
    }
}

fn with_defaults(command: Command, defaults: &Defaults) -> Command {
    let command = command.mut_args(|arg| match arg.get_long().and_then(|name| defaults.get(name)) {
        Some(values) => arg.default_values(values.clone()),
        None => arg,
    });
    command.mut_subcommands(|inner| with_defaults(inner, defaults))
}

fn defaults(text: &str, known: &[&str]) -> anyhow::Result<Defaults> {
    let table: BTreeMap<Spanned<String>, toml::Value> = toml::from_str(text)?;
    let mut defaults = Defaults::new();
    for (key, value) in table {
        let line = text[..key.span().start].matches('\n').count() + 1;
        let key = key.into_inner();
        if !known.contains(&key.as_str()) {
            bail!("line {line} sets {key}, which is no setting; there are {}", known.join(", "));
        }
        let values = match value {
            toml::Value::Array(items) => items.into_iter().map(plain).collect(),
            value => plain(value).map(|text| vec![text]),
        };
        let Some(values) = values else {
            bail!("line {line}: {key} takes text, a number, true or false, or a list of them")
        };
        defaults.insert(key, values);
    }
    Ok(defaults)
}

fn plain(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(yes) => Some(yes.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::defaults;

    #[test]
    fn a_key_that_is_no_setting_is_refused_with_its_line() {
        let said = format!(
            "{:#}",
            defaults("data = \"x\"\n\n# a comment\nlissten = 1\n", &["data", "listen"]).unwrap_err()
        );
        assert_eq!(said, "line 4 sets lissten, which is no setting; there are data, listen");
        assert!(format!("{:#}", defaults("data = ", &["data"]).unwrap_err()).contains("line 1"));
        assert!(defaults("[data]\nx = 1\n", &["data"]).is_err());
    }

    #[test]
    fn numbers_truths_and_lists_are_values() {
        let found = defaults("a = [1, \"x\"]\nb = true\n", &["a", "b"]).unwrap();
        assert_eq!(found["a"], ["1", "x"]);
        assert_eq!(found["b"], ["true"]);
    }
}
