//! Whether a baseline that writes by group commit is strong enough to compare with.

use crate::measure::report::Report;
use crate::measure::round::Rounds;

/// Most calls in a commit, as in the product.
pub(crate) const BATCH_MAX: usize = 256;
/// The least mean batch and the least gain by group commit; below these the baseline is too weak.
const BATCH_LEAST: f64 = 8.0;
const GAIN_LEAST: f64 = 2.5;

/// Adds how many calls the baseline commits together, and how much faster that is than a commit for each call, with
/// which it makes `single` calls a second.
pub(crate) fn judge(report: &mut Report, rounds: &Rounds, single: f64) {
    let batch = rounds.baseline(|turn| turn.batch);
    let gain = rounds.baseline(|turn| turn.calls / turn.elapsed_s) / single;
    if batch < BATCH_LEAST {
        report.void.push(format!("the baseline's mean batch is below {BATCH_LEAST}"));
    }
    if gain < GAIN_LEAST {
        report.void.push(format!("group commit makes the baseline less than {GAIN_LEAST} times as fast"));
    }
    report.notes.extend([
        format!("batch     the baseline writes {batch:.1} calls per commit"),
        format!(
            "gain      the baseline is {gain:.1} times as fast as with one commit per request ({single:.0}/s)"
        ),
    ]);
}
