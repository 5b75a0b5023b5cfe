//! The cookie that carries a session, and how long a session lasts.
//!
//! Hides: the cookie's name and attributes.
//! Knows nothing of: where sessions are kept.

use std::time::Duration;

use flow::Timestamp;

/// The name of the cookie.
const NAME: &str = "natlens_session";

/// How long a session lasts without being used.
const IDLE_MAX: Duration = Duration::from_secs(24 * 3600);

/// How long a session lasts at most.
const AGE_MAX: Duration = Duration::from_secs(14 * 24 * 3600);

/// How often the last use is written: not with every request, which would each flush the disk.
pub(crate) const TOUCH_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// When a session that was opened at `created` ends if it is used `now` and then no more.
pub(crate) fn expires(created: Timestamp, now: Timestamp) -> Timestamp {
    now.plus(IDLE_MAX).min(created.plus(AGE_MAX))
}

/// Whether browsers reach the server by HTTPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Plain HTTP.
    Http,
    /// HTTPS, by a proxy.
    Https,
}

/// The value of `Set-Cookie` that opens a session.
pub(crate) fn opening(secret: &str, transport: Transport) -> String {
    let age = AGE_MAX.as_secs();
    format!("{NAME}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{}", secure(transport))
}

/// The value of `Set-Cookie` that ends a session.
pub(crate) fn closing(transport: Transport) -> String {
    format!("{NAME}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{}", secure(transport))
}

fn secure(transport: Transport) -> &'static str {
    match transport {
        Transport::Http => "",
        Transport::Https => "; Secure",
    }
}

/// The secret in the value of a `Cookie` header.
pub(crate) fn secret_in(cookies: &str) -> Option<&str> {
    cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix(NAME)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_found_among_other_cookies() {
        assert_eq!(secret_in("theme=dark; natlens_session=nls_1; x=y"), Some("nls_1"));
        assert_eq!(secret_in("natlens_session_2=nls_1"), None);
        assert_eq!(secret_in(""), None);
    }

    #[test]
    fn a_session_ends_a_day_after_its_last_use_and_after_two_weeks_anyway() {
        let day = |days: i64| Timestamp::from_seconds(days * 86_400);
        assert_eq!(expires(day(0), day(0)), day(1));
        assert_eq!(expires(day(0), day(5)), day(6));
        assert_eq!(expires(day(0), day(13).plus(Duration::from_secs(1))), day(14));
    }

    #[test]
    fn a_cookie_is_secure_behind_https_only() {
        assert!(opening("nls_1", Transport::Https).ends_with("; Secure"));
        assert!(!opening("nls_1", Transport::Http).contains("Secure"));
    }
}
