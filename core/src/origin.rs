//! From which sites browsers may open a WebSocket.
//!
//! A browser lets any page open a WebSocket to any server, and sends the user's cookies with it. What keeps another
//! site from using them is that the server looks at the `Origin` header, which a page cannot forge.

use crate::error::Refused;
use crate::request::Request;
use alloc::string::String;
use alloc::vec::Vec;

/// Which pages may open a WebSocket.
///
/// ```
/// use lazuli::{Config, Origins};
///
/// let origins = Origins::list(["https://app.example.com"]);
/// let config = Config { origins, ..Config::default() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// Beside those of the server's own host, which always may: scheme, host and port unless it is the scheme's own, such
    /// as `https://app.example.com`. Empty by default.
    pub also: Vec<String>,
    /// Whether any page may. `false` by default.
    pub any: bool,
    /// Whether a request without `Origin` is let in, which no browser sends. `true` by default.
    pub none: bool,
}

impl Default for Origins {
    fn default() -> Self {
        Origins { also: Vec::new(), any: false, none: true }
    }
}

impl Origins {
    /// The server's own host, and these.
    pub fn list<S: Into<String>>(also: impl IntoIterator<Item = S>) -> Origins {
        Origins { also: also.into_iter().map(Into::into).collect(), ..Origins::default() }
    }

    /// Any page, for servers without cookies or other secrets of a browser.
    pub fn any() -> Origins {
        Origins { any: true, ..Origins::default() }
    }

    pub(crate) fn check(&self, request: &Request) -> Result<(), Refused> {
        let mut values = request.header_values("origin");
        let Some(origin) = values.next() else {
            return if self.none { Ok(()) } else { Err(refused("A request without Origin is not let in")) };
        };
        // A second one would let two readers disagree about which counts.
        if values.next().is_none() && (self.any || self.is_own(origin, request) || self.is_listed(origin)) {
            return Ok(());
        }
        Err(refused("Pages of another origin may not open this; the server's settings can allow it"))
    }

    fn is_own(&self, origin: &str, request: &Request) -> bool {
        let (Some(origin), Some(host)) = (Origin::parse(origin), request.header("host")) else { return false };
        let (host, port) = split_port(host);
        let default = if origin.scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
        // A `Host` without a port means the port of the page's own scheme, whatever a proxy has made of it since.
        origin.host.eq_ignore_ascii_case(host) && origin.port == port.unwrap_or(Some(default))
    }

    fn is_listed(&self, origin: &str) -> bool {
        let Some(origin) = Origin::parse(origin) else { return false };
        self.also.iter().filter_map(|listed| Origin::parse(listed)).any(|listed| listed.is_same(&origin))
    }
}

fn refused(message: &'static str) -> Refused {
    Refused::new(403, message)
}

/// An origin of http or https; every other, and `null`, is none.
struct Origin<'a> {
    scheme: &'a str,
    host: &'a str,
    /// `None`: written, but no number.
    port: Option<u16>,
}

impl<'a> Origin<'a> {
    fn parse(text: &'a str) -> Option<Origin<'a>> {
        let (scheme, authority) = text.split_once("://")?;
        let default = match scheme {
            _ if scheme.eq_ignore_ascii_case("https") => 443,
            _ if scheme.eq_ignore_ascii_case("http") => 80,
            _ => return None,
        };
        if authority.is_empty() || authority.contains(['/', '?', '#', '@', '\\']) {
            return None;
        }
        let (host, port) = split_port(authority);
        Some(Origin { scheme, host, port: port.unwrap_or(Some(default)) }).filter(|origin| origin.port.is_some())
    }

    fn is_same(&self, other: &Origin<'_>) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.host.eq_ignore_ascii_case(other.host)
            && self.port == other.port
    }
}

/// Host and port; the port is `None` if none is written, and `Some(None)` if it is no number.
fn split_port(authority: &str) -> (&str, Option<Option<u16>>) {
    match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand within brackets.
        Some((host, port)) if !port.contains(']') => (host, Some(port.parse().ok())),
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(origins: &Origins, host: &str, origin: &str) -> bool {
        let request = Request::get("/").unwrap().with_header("Host", host).unwrap();
        origins.check(&request.with_header("Origin", origin).unwrap()).is_ok()
    }

    #[test]
    fn pages_of_the_same_host_may() {
        let own = Origins::default();
        for (host, origin) in [
            ("app.example.com", "https://app.example.com"),
            ("app.example.com", "http://app.example.com"),
            ("App.Example.com", "HTTPS://app.example.COM"),
            ("app.example.com:443", "https://app.example.com"),
            ("app.example.com", "https://app.example.com:443"),
            ("127.0.0.1:4000", "http://127.0.0.1:4000"),
            ("[::1]:4000", "http://[::1]:4000"),
            ("[::1]", "http://[::1]"),
        ] {
            assert!(check(&own, host, origin), "{host} {origin}");
        }
    }

    #[test]
    fn look_alikes_may_not() {
        let own = Origins::list(["https://other.example.com"]);
        for origin in [
            "null",
            "",
            "https://evil.tld",
            "https://app.example.com.evil.tld",
            "https://evil.tld/app.example.com",
            "https://app.example.com@evil.tld",
            "https://evil.tld#app.example.com",
            "https://evil.tld\\app.example.com",
            "https://xapp.example.com",
            "https://app.example.com:8443",
            "https://app.example.com:x",
            "https://app.example.com:",
            "https://app.example.com.",
            "https://app.example.com/",
            "file://app.example.com",
            "wss://app.example.com",
            "app.example.com",
            "http://other.example.com",
            "https://other.example.com:444",
        ] {
            assert!(!check(&own, "app.example.com", origin), "{origin}");
        }
        assert!(check(&own, "app.example.com", "https://other.example.com"));
        assert!(!check(&own, "app.example.com:444", "https://app.example.com"), "another port");
    }

    #[test]
    fn no_origin_and_any_origin_are_settings() {
        let request = Request::get("/").unwrap();
        assert!(Origins::default().check(&request).is_ok());
        assert!(Origins { none: false, ..Origins::default() }.check(&request).is_err());
        assert!(check(&Origins::any(), "a", "null"));
        let twice = request.with_header("Origin", "http://a").unwrap().with_header("Origin", "http://a").unwrap();
        assert!(Origins::any().check(&twice).is_err());
    }
}
