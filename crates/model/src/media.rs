//! Temporary files and pictures: how long they live, and where pages find them.

use crate::{HOUR, Time};
use protocol::limits::MEDIA_LIFE_D;

/// How long a temporary file lives, milliseconds.
pub const LIFE: i64 = MEDIA_LIFE_D * 24 * HOUR;
/// How old an object without a reference must be before it is removed, milliseconds: a younger one may belong to an
/// upload under way.
pub const STRAY: i64 = 24 * HOUR;

/// Whether something that expires at `expires_at` still exists at `now`.
#[must_use]
pub fn is_live(expires_at: Time, now: Time) -> bool {
    now < expires_at
}

/// The path of a picture with this SHA-256, on this server.
#[must_use]
pub fn picture_address(sha256: &str) -> String {
    format!("/headimg/{sha256}")
}

/// The path of an agent's picture; `None` if the agent has none.
#[must_use]
pub fn picture_at(headimg: &str) -> Option<String> {
    (!headimg.is_empty()).then(|| picture_address(headimg))
}

#[cfg(test)]
mod tests {
    use super::{LIFE, STRAY, is_live};

    #[test]
    fn a_file_is_gone_at_the_moment_it_ends() {
        assert_eq!((LIFE, STRAY), (259_200_000, 86_400_000));
        assert!(is_live(LIFE, LIFE - 1) && !is_live(LIFE, LIFE));
    }
}
