//! Time and chance: the only places that ask the machine for either.

#![allow(clippy::disallowed_methods, reason = "everybody else asks here")]

use model::Time;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use tokio::sync::watch;

/// A moment as people write it, in the one zone that is the same everywhere.
#[must_use]
pub fn readable(time: Time) -> String {
    match OffsetDateTime::from_unix_timestamp(time.div_euclid(model::SECOND)) {
        Ok(at) => {
            format!("{} {:02}:{:02}:{:02} UTC", at.date(), at.hour(), at.minute(), at.second())
        }
        Err(_) => "a far day".to_owned(),
    }
}

/// What time it is, and how much of it has passed. Tests have one that moves only when told to.
#[derive(Clone)]
pub struct Clock {
    began: Instant,
    standing: Option<Arc<watch::Sender<Standing>>>,
}

/// What a clock shows that moves only when told to.
struct Standing {
    now: Time,
    passed: Duration,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Clock { began: Instant::now(), standing: None }
    }

    /// A clock that stands still until [`Clock::advance`].
    #[must_use]
    pub fn standing(at: Time) -> Self {
        let standing = Standing { now: at, passed: Duration::ZERO };
        Clock { began: Instant::now(), standing: Some(Arc::new(watch::Sender::new(standing))) }
    }

    /// Now, in Unix milliseconds.
    #[must_use]
    pub fn now(&self) -> Time {
        match &self.standing {
            Some(standing) => standing.borrow().now,
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(0)),
        }
    }

    /// Time since the clock was made. It never goes back, and is comparable within this process only: what must not
    /// depend on how the machine's clock is set is measured by it.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        match &self.standing {
            Some(standing) => standing.borrow().passed,
            None => self.began.elapsed(),
        }
    }

    /// Moves a standing clock on; the machine's does that by itself. A negative time sets it back, and no time passes.
    pub fn advance(&self, ms: i64) {
        if let Some(standing) = &self.standing {
            standing.send_modify(|it| {
                it.now += ms;
                it.passed += Duration::from_millis(u64::try_from(ms).unwrap_or(0));
            });
        }
    }

    /// Sleeps until `time`.
    pub async fn sleep_until(&self, time: Time) {
        match &self.standing {
            Some(standing) => {
                let _ = standing.subscribe().wait_for(|it| it.now >= time).await;
            }
            None => {
                let ms = u64::try_from(time.saturating_sub(self.now())).unwrap_or(0);
                tokio::time::sleep(Duration::from_millis(ms)).await;
            }
        }
    }
}

/// A cryptographic source of random numbers. Tests seed it.
#[derive(Clone)]
pub struct Rng(Arc<Mutex<StdRng>>);

impl Rng {
    /// Seeded by the machine.
    #[must_use]
    pub fn system() -> Self {
        Rng(Arc::new(Mutex::new(rand::make_rng())))
    }

    /// Always the same numbers.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Rng(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    fn fill<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// A secret of 43 characters of `[A-Za-z0-9_-]`: 256 bits.
    #[must_use]
    pub fn secret(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.fill::<32>())
    }

    /// A media id: 64 characters of `[A-Za-z0-9_-]`.
    #[must_use]
    pub fn media_id(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.fill::<48>())
    }

    /// `N` random bytes in hexadecimal.
    #[must_use]
    pub fn hex<const N: usize>(&self) -> String {
        hex(&self.fill::<N>())
    }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
