//! The verification of settings: the developer's server must answer an echostr.

use crate::callback::sender::{Answered, CallFault, Sender, nonce};
use crate::desk::Desk;
use model::SECOND;
use model::callback::CallbackSettings;
use protocol::callback::{EchoError, check_echo, verification_query};
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// Characters of an answer that are shown.
const BEGINNING: usize = 64;
/// What an administrator of an account learns of an address that may not be called, or that no host has: one sentence
/// for both, because the difference would tell which names exist inside a network.
const HIDDEN: &str = "this desk cannot call the host of the URL: it must have a public address, or one in a network \
    that the operator allows";

/// Why settings were not verified.
#[derive(Debug)]
pub struct VerificationFault {
    url: String,
    reason: VerificationError,
    took: Duration,
    /// The beginning of the answer's body; `None` without an answer.
    begins: Option<String>,
    /// The parameters of the GET, of which the first three are the signature and what it was made of.
    query: Vec<(&'static str, String)>,
}

#[derive(Debug)]
enum VerificationError {
    /// There was no answer with status 200.
    Call(CallFault),
    /// The answer is not the echostr.
    Echo(EchoError),
}

/// For operators: what was wrong, after which time, the beginning of the answer, and the signature.
impl fmt::Display for VerificationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let VerificationFault { url, begins, .. } = self;
        if let VerificationError::Call(CallFault::Blocked) = self.reason {
            return write!(
                f,
                "{url} is in a network that may not be called: start the server with --callback-network and its network"
            );
        }
        write!(f, "{url} was not verified: {}", self.told())?;
        match begins {
            Some(begins) if !begins.is_empty() => write!(f, "; its answer begins {begins:?}"),
            _ => Ok(()),
        }
    }
}

impl VerificationFault {
    /// What an administrator of the account may know: nothing of what is inside a network.
    #[must_use]
    pub fn for_administrator(&self) -> String {
        match self.reason {
            VerificationError::Call(CallFault::Blocked | CallFault::NoAddress) => HIDDEN.to_owned(),
            _ => self.told(),
        }
    }

    /// Whether no server listens at the address.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self.reason, VerificationError::Call(CallFault::Connection(_)))
    }

    fn told(&self) -> String {
        let reason = match &self.reason {
            VerificationError::Call(fault) => fault.to_string(),
            VerificationError::Echo(error) => error.to_string(),
        };
        let of = |name: &str| {
            let found = self.query.iter().find(|(known, _)| *known == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        format!(
            "{reason} (after {} ms; the signature was {}, of the token, {} and {})",
            self.took.as_millis(),
            of("signature"),
            of("timestamp"),
            of("nonce")
        )
    }
}

/// Asks the server of settings for an echostr.
///
/// # Errors
/// What was wrong.
pub(super) async fn verify(
    desk: &Desk,
    sender: &Sender,
    settings: &CallbackSettings,
) -> Result<(), VerificationFault> {
    let (nonce, echo, began) = (nonce(&desk.rng), desk.rng.hex::<10>(), Instant::now());
    let query = verification_query(&settings.token, desk.now() / SECOND, &nonce, &echo);
    let answered = match settings.url.with(&query) {
        Ok(url) => sender.get(&url).await,
        Err(fault) => Err(CallFault::Settings(fault)),
    };
    let begins = answered.as_ref().ok().map(beginning);
    let checked = match answered.and_then(Answered::taken) {
        Ok(body) => check_echo(&body, &echo).map_err(VerificationError::Echo),
        Err(fault) => Err(VerificationError::Call(fault)),
    };
    let (url, took) = (settings.url.to_string(), began.elapsed());
    checked.map_err(|reason| VerificationFault { url, reason, took, begins, query })
}

fn beginning(answered: &Answered) -> String {
    String::from_utf8_lossy(&answered.body).chars().take(BEGINNING).collect()
}
