//! Limits that operators may set.

use clap::Args;
use model::MINUTE;
use model::callback::AlarmRules;
use protocol::limits;

/// Limits that operators may set.
#[derive(Args, Clone, Copy, Debug)]
pub struct Rules {
    /// Hours an invitation to be an agent stays open.
    #[arg(
        long,
        env = "KEFU_INVITATION_HOURS",
        default_value_t = Rules::default().invitation_hours,
        value_name = "HOURS",
        value_parser = clap::value_parser!(u32).range(1..=8760)
    )]
    pub invitation_hours: u32,
    /// Agents one worker may be, over all accounts; one more is refused with 65410.
    #[arg(
        long,
        env = "KEFU_WORKER_AGENTS_MAX",
        default_value_t = Rules::default().worker_agents_max,
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u32).range(1..=1000)
    )]
    pub worker_agents_max: u32,
    /// Sub-merchants one Mini Program may have; one more is refused with 45077.
    #[arg(
        long,
        env = "KEFU_BUSINESSES_MAX",
        default_value_t = Rules::default().businesses_max,
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub businesses_max: u32,
    /// Mebibytes of pictures that a customer may send in a day; what comes from one address counts as five customers at
    /// most; 0: no limit.
    #[arg(
        long,
        env = "KEFU_CUSTOMER_FILES_MIB_PER_DAY",
        default_value_t = Rules::default().customer_files_mib_per_day,
        value_name = "MIB",
        value_parser = clap::value_parser!(u32).range(..=1_048_576)
    )]
    pub customer_files_mib_per_day: u32,
    /// Mebibytes of files that an account may have, in messages and temporary ones, each content once; 0: no limit.
    #[arg(
        long,
        env = "KEFU_ACCOUNT_FILES_MIB",
        default_value_t = Rules::default().account_files_mib,
        value_name = "MIB"
    )]
    pub account_files_mib: u32,
    /// Mebibytes that stay free on the disk of a folder of files: with less, files are refused; 0: files may fill it.
    #[arg(long, env = "KEFU_FILES_FREE_MIB", default_value_t = Rules::default().files_free_mib, value_name = "MIB")]
    pub files_free_mib: u32,
    /// Days that files of messages are kept; then the messages say that they had one; 0: for ever.
    #[arg(
        long,
        env = "KEFU_MESSAGE_FILES_DAYS",
        default_value_t = Rules::default().message_files_days,
        value_name = "DAYS",
        value_parser = clap::value_parser!(u32).range(..=36_500)
    )]
    pub message_files_days: u32,
    /// Failed tries of pushes that are much: a developer's server that fails so often is left alone for a minute, and
    /// an alarm tells of it.
    #[arg(
        long,
        env = "KEFU_PUSH_FAILURES",
        default_value_t = Rules::default().push_failures,
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub push_failures: u32,
    /// Minutes within which these tries fail.
    #[arg(
        long,
        env = "KEFU_PUSH_FAILURE_MINUTES",
        default_value_t = Rules::default().push_failure_minutes,
        value_name = "MINUTES",
        value_parser = clap::value_parser!(u32).range(1..=1440)
    )]
    pub push_failure_minutes: u32,
}

impl Rules {
    /// How much a developer's server may fail.
    #[must_use]
    pub fn alarms(&self) -> AlarmRules {
        let failures = usize::try_from(self.push_failures).unwrap_or(usize::MAX);
        AlarmRules { failures, window: i64::from(self.push_failure_minutes) * MINUTE }
    }

    /// Bytes that stay free on the disk of a folder of files.
    #[must_use]
    pub fn files_free(&self) -> u64 {
        u64::from(self.files_free_mib) << 20
    }
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            invitation_hours: limits::INVITATION_H,
            worker_agents_max: limits::WORKER_BINDINGS_MAX,
            businesses_max: limits::BUSINESSES_MAX,
            customer_files_mib_per_day: 200,
            account_files_mib: 0,
            files_free_mib: 256,
            message_files_days: 0,
            push_failures: 30,
            push_failure_minutes: 5,
        }
    }
}
