//! The findings of the doctor.

use serde::Serialize;

/// Severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Severity {
    Ok,
    Warning,
    Problem,
}

/// The result of one check.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) what: String,
    pub(super) state: Severity,
    pub(super) says: String,
}

#[derive(Default)]
pub(super) struct Findings(pub(super) Vec<Finding>);

impl Findings {
    pub(super) fn add(&mut self, what: &str, state: Severity, says: impl Into<String>) {
        self.0.push(Finding { what: what.to_owned(), state, says: says.into() });
    }

    pub(super) fn ok(&mut self, what: &str, says: impl Into<String>) {
        self.add(what, Severity::Ok, says);
    }

    pub(super) fn warn(&mut self, what: &str, says: impl Into<String>) {
        self.add(what, Severity::Warning, says);
    }

    pub(super) fn problem(&mut self, what: &str, says: impl Into<String>) {
        self.add(what, Severity::Problem, says);
    }
}
