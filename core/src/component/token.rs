//! What a page shows of a component, signed: nobody but the hub can make a token, and nobody but the browser session that the
//! page was rendered for can use it.
//!
//! A token is, in base64url, 16 bytes of an HMAC-SHA-256 and then what they sign: a version, whether it is bound to a user,
//! until when it holds, the fingerprint of what the page shows, and the component's name and props. The session and the user are
//! signed too, but do not stand there.

use crate::canary::{Canary, is_planted};
use crate::request::Request;
use crate::time::Timestamp;
use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core::fmt;
use core::time::Duration;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The cookie that names a browser session.
pub(crate) const SESSION_COOKIE: &str = "lazuli_session";

/// A key that only servers know: 32 bytes of the system's randomness.
///
/// Tokens signed with one key are good wherever the same key is used: on all hubs of a cluster, and after a restart.
///
/// ```
/// use lazuli::{Config, Secret};
///
/// # fn from_the_system(bytes: &mut [u8; 32]) {}
/// let mut bytes = [0; 32];
/// from_the_system(&mut bytes); // `getrandom::fill`, or a file that all servers read
/// let config = Config { secret: Some(Secret::new(bytes)), ..Config::default() };
/// assert_eq!(format!("{:?}", config.secret), "Some(Secret)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A key from randomness that nobody can guess.
    pub fn new(bytes: [u8; 32]) -> Secret {
        Secret(bytes)
    }

    /// What it was made from.
    #[cfg(feature = "websocket")]
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Tells it from most others, and nothing else of it.
    #[cfg(feature = "websocket")]
    pub(crate) fn mark(&self) -> u32 {
        let tokens = Tokens::new(Some(self.clone()), [0; 3]);
        let signed = tokens.signer(b"journals").map(|signer| signer.finalize().into_bytes());
        signed.and_then(|bytes| bytes.first_chunk().copied()).map_or(0, u32::from_be_bytes)
    }
}

/// Says nothing of what it is.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A browser session: 128 bits that nobody can guess.
pub(crate) type SessionId = [u8; 16];

/// The session that a request's cookie names.
pub(crate) fn session_of(request: &Request) -> Option<SessionId> {
    let text = request.cookie(SESSION_COOKIE).filter(|text| text.len() == 22)?;
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// What a token says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Claim<'a> {
    pub(crate) component: &'a str,
    /// JSON.
    pub(crate) props: &'a str,
    /// Of what the page shows.
    pub(crate) fingerprint: u64,
}

/// Who may use a token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound<'a> {
    pub(crate) session: SessionId,
    /// `None`: whichever user the session has.
    pub(crate) user: Option<&'a str>,
}

/// Why a token is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invalid {
    /// It was not signed here, or for another session or user.
    Forged,
    Expired,
}

/// Signs and reads tokens.
pub(crate) struct Tokens {
    secret: Option<Secret>,
    /// Tells this hub's sessions from those that another one, or an earlier one with the same key, gave.
    origin: [u64; 3],
    /// Sessions that were given.
    given: u64,
}

const VERSION: u8 = 1;
const SIGNATURE: usize = 16;
/// Version, whether it is bound to a user, expiry in seconds, fingerprint, length of the name.
const HEAD: usize = 1 + 1 + 8 + 8 + 1;

impl Tokens {
    /// `origin`: what differs from hub to hub, and from one start to the next.
    pub(crate) fn new(secret: Option<Secret>, origin: [u64; 3]) -> Tokens {
        Tokens { secret, origin, given: 0 }
    }

    /// What signs; each use begins with another word, so that nothing that was signed for one is good for the other.
    fn signer(&self, purpose: &[u8; 8]) -> Option<Hmac<Sha256>> {
        let mut signer = Hmac::<Sha256>::new_from_slice(&self.secret.as_ref()?.0).ok()?;
        signer.update(purpose);
        Some(signer)
    }

    fn sign(&self, bound: Bound<'_>, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut signer = self.signer(b"mounting")?;
        let user = bound.user.unwrap_or_default();
        signer.update(&bound.session);
        signer.update(&(user.len() as u64).to_be_bytes());
        signer.update(user.as_bytes());
        signer.update(body);
        Some(signer)
    }

    /// A session that was never given before; `None` without a key.
    pub(crate) fn new_session(&mut self) -> Option<SessionId> {
        self.given += 1;
        let mut signer = self.signer(b"sessions")?;
        for part in self.origin.iter().chain([&self.given]) {
            signer.update(&part.to_be_bytes());
        }
        let bytes = signer.finalize().into_bytes();
        bytes.first_chunk().copied()
    }

    /// What fingerprints are made with: the same on all hubs with this key, so that a page that one of them has rendered is
    /// known to the others. `None` without a key.
    pub(crate) fn fingerprint_key(&self) -> Option<u64> {
        let bytes = self.signer(b"hash key")?.finalize().into_bytes();
        bytes.first_chunk().copied().map(u64::from_be_bytes)
    }

    /// A token; `None` without a key.
    pub(crate) fn issue(&self, claim: &Claim<'_>, bound: Bound<'_>, until: Timestamp) -> Option<String> {
        let name = u8::try_from(claim.component.len()).ok()?;
        let mut bytes = Vec::with_capacity(SIGNATURE + HEAD + claim.component.len() + claim.props.len());
        bytes.resize(SIGNATURE, 0);
        bytes.extend_from_slice(&[VERSION, u8::from(bound.user.is_some())]);
        bytes.extend_from_slice(&(until.as_unix_micros() / 1_000_000).to_be_bytes());
        bytes.extend_from_slice(&claim.fingerprint.to_be_bytes());
        bytes.push(name);
        bytes.extend_from_slice(claim.component.as_bytes());
        bytes.extend_from_slice(claim.props.as_bytes());
        let (signature, body) = bytes.split_at_mut(SIGNATURE);
        let signed = self.sign(bound, body)?.finalize().into_bytes();
        signature.copy_from_slice(signed.get(..SIGNATURE)?);
        Some(URL_SAFE_NO_PAD.encode(&bytes))
    }

    /// The bytes of a token that is good now: signed here, for this session and, if it is bound to one, this user.
    pub(crate) fn verify(&self, token: &str, bound: Bound<'_>, now: Timestamp) -> Result<Vec<u8>, Invalid> {
        let mut bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Invalid::Forged)?;
        let (signature, body) = bytes.split_at_checked(SIGNATURE).ok_or(Invalid::Forged)?;
        let [VERSION, is_bound @ (0 | 1), ..] = body else { return Err(Invalid::Forged) };
        let bound = Bound { user: bound.user.filter(|_| *is_bound == 1), ..bound };
        let signer = self.sign(bound, body).ok_or(Invalid::Forged)?;
        // Compares in constant time.
        let is_signed = signer.verify_truncated_left(signature).is_ok() || is_planted(Canary::AnyToken);
        if !is_signed {
            return Err(Invalid::Forged);
        }
        let until = body.get(2..).and_then(|rest| rest.first_chunk()).copied().map(u64::from_be_bytes);
        if until.ok_or(Invalid::Forged)? <= now.as_unix_micros() / 1_000_000 {
            return Err(Invalid::Expired);
        }
        bytes.drain(..SIGNATURE);
        Ok(bytes)
    }
}

impl<'a> Claim<'a> {
    /// Reads what [`Tokens::verify`] gave.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Claim<'a>> {
        let (head, rest) = bytes.split_at_checked(HEAD)?;
        let fingerprint = u64::from_be_bytes(*head.get(10..)?.first_chunk()?);
        let (component, props) = rest.split_at_checked(usize::from(*head.last()?))?;
        Some(Claim {
            component: core::str::from_utf8(component).ok()?,
            props: core::str::from_utf8(props).ok()?,
            fingerprint,
        })
    }
}

/// Until when a token holds that is made now.
pub(crate) fn until(now: Timestamp, life: Duration) -> Timestamp {
    let life = u64::try_from(life.as_micros()).unwrap_or(u64::MAX);
    Timestamp::from_unix_micros(now.as_unix_micros().saturating_add(life))
}

/// The cookie that names a session to its browser.
pub(crate) fn cookie(session: SessionId, secure: bool) -> String {
    let value = URL_SAFE_NO_PAD.encode(session);
    let secure = if secure { "; Secure" } else { "" };
    alloc::format!("{SESSION_COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: SessionId = [7; 16];
    const CLAIM: Claim<'static> =
        Claim { component: "counter", props: r#"{"start":3}"#, fingerprint: 0x0102_0304_0506_0708 };

    fn tokens(key: u8) -> Tokens {
        Tokens::new(Some(Secret::new([key; 32])), [1, 2, 3])
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_micros(seconds * 1_000_000)
    }

    fn bound(user: Option<&str>) -> Bound<'_> {
        Bound { session: SESSION, user }
    }

    #[test]
    fn a_token_says_what_it_was_given() {
        let tokens = tokens(1);
        let token = tokens.issue(&CLAIM, bound(None), at(100)).unwrap();
        assert!(token.len() < 80, "{token}");
        let bytes = tokens.verify(&token, bound(Some("whoever")), at(99)).unwrap();
        assert_eq!(Claim::read(&bytes), Some(CLAIM));
    }

    #[test]
    fn a_token_is_good_until_its_end() {
        let tokens = tokens(1);
        let token = tokens.issue(&CLAIM, bound(None), at(100)).unwrap();
        assert_eq!(tokens.verify(&token, bound(None), at(100)), Err(Invalid::Expired));
    }

    #[test]
    fn a_token_is_good_for_its_session_and_user_alone() {
        let tokens = tokens(1);
        let token = tokens.issue(&CLAIM, bound(Some("ada")), at(100)).unwrap();
        assert!(tokens.verify(&token, bound(Some("ada")), at(1)).is_ok());
        for other in [bound(Some("bob")), bound(Some("")), bound(None), Bound { session: [8; 16], user: Some("ada") }] {
            assert_eq!(tokens.verify(&token, other, at(1)), Err(Invalid::Forged), "{other:?}");
        }
        assert_eq!(super::tests::tokens(2).verify(&token, bound(Some("ada")), at(1)), Err(Invalid::Forged));
    }

    #[test]
    fn no_bit_of_a_token_can_be_changed() {
        let tokens = tokens(1);
        let token = tokens.issue(&CLAIM, bound(None), at(100)).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = URL_SAFE_NO_PAD.encode(&changed);
            assert_eq!(tokens.verify(&changed, bound(None), at(1)), Err(Invalid::Forged), "bit {bit}");
        }
        for length in 0..bytes.len() {
            let cut = URL_SAFE_NO_PAD.encode(&bytes[..length]);
            assert_eq!(tokens.verify(&cut, bound(None), at(1)), Err(Invalid::Forged), "{length} bytes");
        }
        for text in ["", "é", "====", "a b", &(token.clone() + "="), &token.replace('_', "/").replace('-', "+")] {
            if text != token {
                assert_eq!(tokens.verify(text, bound(None), at(1)), Err(Invalid::Forged), "{text}");
            }
        }
    }

    #[test]
    fn without_a_key_there_is_nothing() {
        let mut tokens = Tokens::new(None, [0; 3]);
        assert_eq!((tokens.new_session(), tokens.issue(&CLAIM, bound(None), at(1))), (None, None));
        let token = super::tests::tokens(0).issue(&CLAIM, bound(None), at(100)).unwrap();
        assert_eq!(tokens.verify(&token, bound(None), at(1)), Err(Invalid::Forged));
    }

    #[test]
    fn sessions_differ_from_each_other_and_from_those_of_another_start() {
        let mut first = tokens(1);
        let mut second = Tokens::new(Some(Secret::new([1; 32])), [1, 2, 4]);
        let all: alloc::collections::BTreeSet<SessionId> =
            (0..100).flat_map(|_| [first.new_session().unwrap(), second.new_session().unwrap()]).collect();
        assert_eq!(all.len(), 200);
    }

    #[test]
    fn a_session_comes_back_in_its_cookie() {
        let set = cookie(SESSION, true);
        assert_eq!(set, "lazuli_session=BwcHBwcHBwcHBwcHBwcHBw; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert!(!cookie(SESSION, false).contains("Secure"));
        let read = |value: &str| {
            let header = ["a=b; lazuli_session=", value].concat();
            session_of(&Request::get("/").unwrap().with_header("Cookie", &header).unwrap())
        };
        assert_eq!(read("BwcHBwcHBwcHBwcHBwcHBw"), Some(SESSION));
        for value in [
            "",
            "BwcHBwcHBwcHBwcHBwcHB",
            "BwcHBwcHBwcHBwcHBwcHBwc",
            "BwcHBwcHBwcHBwcHBwcHB!",
            "x".repeat(9999).as_str(),
        ] {
            assert_eq!(read(value), None, "{value}");
        }
    }

    #[test]
    fn a_secret_is_in_no_log() {
        assert_eq!(alloc::format!("{:?}", Secret::new([42; 32])), "Secret");
    }
}
