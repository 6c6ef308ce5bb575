//! The clock and the random numbers: the only code that asks the machine for either.

#![allow(clippy::disallowed_methods, reason = "all other code uses these types")]

use model::Time;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use tokio::sync::watch;

/// A time for people to read, in UTC, such as `2026-01-31 08:00:00 UTC`.
#[must_use]
pub fn readable(time: Time) -> String {
    match OffsetDateTime::from_unix_timestamp(time.div_euclid(model::SECOND)) {
        Ok(at) => {
            format!("{} {:02}:{:02}:{:02} UTC", at.date(), at.hour(), at.minute(), at.second())
        }
        Err(_) => "a far day".to_owned(),
    }
}

/// The machine's clock, or a manual one for tests.
#[derive(Clone)]
pub struct Clock {
    began: Instant,
    manual: Option<Arc<watch::Sender<Manual>>>,
}

/// The state of a clock that moves by [`Clock::advance`] only.
struct Manual {
    now: Time,
    passed: Duration,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Clock { began: Instant::now(), manual: None }
    }

    /// A clock for tests, which moves by [`Clock::advance`] only.
    #[must_use]
    pub fn manual(at: Time) -> Self {
        let manual = Manual { now: at, passed: Duration::ZERO };
        Clock { began: Instant::now(), manual: Some(Arc::new(watch::Sender::new(manual))) }
    }

    /// Now, in Unix milliseconds.
    #[must_use]
    pub fn now(&self) -> Time {
        match &self.manual {
            Some(manual) => manual.borrow().now,
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(0)),
        }
    }

    /// The monotonic time since this clock was made, for what must not depend on how the machine's clock is set. It is
    /// comparable within this process only.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        match &self.manual {
            Some(manual) => manual.borrow().passed,
            None => self.began.elapsed(),
        }
    }

    /// Moves a manual clock by `ms`; does nothing to the machine's. A negative `ms` sets the clock back, and no uptime
    /// passes.
    pub fn advance(&self, ms: i64) {
        if let Some(manual) = &self.manual {
            manual.send_modify(|it| {
                it.now += ms;
                it.passed += Duration::from_millis(u64::try_from(ms).unwrap_or(0));
            });
        }
    }

    /// Sleeps until `time`.
    pub async fn sleep_until(&self, time: Time) {
        match &self.manual {
            Some(manual) => {
                let _ = manual.subscribe().wait_for(|it| it.now >= time).await;
            }
            None => {
                let ms = u64::try_from(time.saturating_sub(self.now())).unwrap_or(0);
                tokio::time::sleep(Duration::from_millis(ms)).await;
            }
        }
    }
}

/// A cryptographic source of random values. Tests seed it.
#[derive(Clone)]
pub struct Rng(Arc<Mutex<StdRng>>);

impl Rng {
    /// Seeded by the operating system.
    #[must_use]
    pub fn system() -> Self {
        Rng(Arc::new(Mutex::new(rand::make_rng())))
    }

    /// Always the same values for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Rng(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// A secret of 43 characters of `[A-Za-z0-9_-]`: 256 bits.
    #[must_use]
    pub fn secret(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// A media id: 64 characters of `[A-Za-z0-9_-]`.
    #[must_use]
    pub fn media_id(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.bytes::<48>())
    }

    /// `N` random bytes in hexadecimal.
    #[must_use]
    pub fn hex<const N: usize>(&self) -> String {
        hex(&self.bytes::<N>())
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
