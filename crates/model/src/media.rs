//! Temporary files: how long they live.

use crate::{HOUR, Time};
use protocol::limits::MEDIA_LIFE_D;

/// How long a temporary file lives.
pub const LIFE: i64 = MEDIA_LIFE_D * 24 * HOUR;
/// How long an object may lie about that nothing names: an upload may still be under way.
pub const STRAY: i64 = 24 * HOUR;

/// Whether what ends at `expires_at` is still there.
#[must_use]
pub fn is_live(expires_at: Time, now: Time) -> bool {
    now < expires_at
}

/// Where a picture is, at this server.
#[must_use]
pub fn picture_address(sha256: &str) -> String {
    format!("/headimg/{sha256}")
}

/// The same of an agent's picture; `None` where there is none.
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
