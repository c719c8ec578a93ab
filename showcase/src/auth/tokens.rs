//! Tokens: JSON Web Tokens with HS256.

use super::hs256;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, get_current_timestamp};
use lazuli::Timestamp;
use serde::{Deserialize, Serialize};

const ISSUER: &str = "lazuli-showcase";

/// The channel whose tokens are an operator's.
const OPERATOR: &str = "admin";

/// What a token says.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Claims {
    /// Whose it is.
    pub user_id: String,
    /// Which private channels they may enter.
    pub channels: Vec<String>,
    /// Until when, in seconds of Unix time.
    pub exp: u64,
    /// When it was made, in seconds of Unix time; one that does not say so counts as very old.
    #[serde(default)]
    pub iat: u64,
    iss: String,
    /// From when on, in seconds of Unix time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
}

impl Claims {
    /// Whether it is for this private channel.
    pub fn allow(&self, channel: &str) -> bool {
        self.channels.iter().any(|allowed| allowed == channel)
    }

    /// Whether it is an operator's.
    pub fn is_operator(&self) -> bool {
        self.allow(OPERATOR)
    }

    /// When it ends.
    pub fn expires(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.exp.saturating_mul(1_000_000))
    }
}

/// Makes and checks tokens with one secret.
pub struct Tokens {
    sign: EncodingKey,
    check: DecodingKey,
    rules: Validation,
}

impl Tokens {
    /// With this secret.
    pub fn new(secret: &[u8]) -> Tokens {
        hs256::install();
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_required_spec_claims(&["exp", "iss"]);
        rules.set_issuer(&[ISSUER]);
        // The time is the hub's, which `read` is told.
        rules.validate_exp = false;
        Tokens { sign: EncodingKey::from_secret(secret), check: DecodingKey::from_secret(secret), rules }
    }

    /// With a secret that nobody knows, and that is another one at every start.
    pub fn random() -> Result<Tokens, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Tokens::new(&secret))
    }

    /// A token for a user that holds for so many seconds.
    pub fn issue(&self, user: &str, channels: Vec<String>, seconds: u64) -> jsonwebtoken::errors::Result<String> {
        let iat = get_current_timestamp();
        let claims = Claims {
            user_id: user.into(),
            channels,
            exp: iat.saturating_add(seconds),
            iat,
            iss: ISSUER.into(),
            nbf: None,
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.sign)
    }

    /// What a token says, if it is one of ours and holds now. Why not is not told: it would help only who forges one.
    pub fn read(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let claims: Claims = decode(token, &self.check, &self.rules).ok()?.claims;
        let now = now.as_unix_micros() / 1_000_000;
        (now < claims.exp && claims.nbf.is_none_or(|nbf| nbf <= now)).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const SECRET: &[u8] = b"a secret of these tests";

    fn now() -> Timestamp {
        Timestamp::from_unix_micros(get_current_timestamp() * 1_000_000)
    }

    fn signed(header: Header, claims: &Value, secret: &[u8]) -> String {
        encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    fn claims(changed: Value) -> Value {
        let mut claims = json!({
            "user_id": "ada", "channels": ["news"], "exp": get_current_timestamp() + 60, "iss": ISSUER,
        });
        for (name, value) in changed.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    fn read(changed: Value) -> Option<Claims> {
        Tokens::new(SECRET).read(&signed(Header::new(Algorithm::HS256), &claims(changed), SECRET), now())
    }

    #[test]
    fn what_was_issued_is_read() {
        let tokens = Tokens::new(SECRET);
        let read = tokens.read(&tokens.issue("ada", vec!["news".into()], 60).unwrap(), now()).unwrap();
        assert_eq!((&*read.user_id, read.exp - read.iat), ("ada", 60));
        assert!(read.allow("news") && !read.allow("new") && !read.allow("") && !read.is_operator());
        assert!(tokens.read(&tokens.issue("root", vec!["admin".into()], 60).unwrap(), now()).unwrap().is_operator());
    }

    #[test]
    fn an_end_beyond_all_time_is_the_end_of_time() {
        let far = read(json!({ "exp": u64::MAX })).map(|claims| claims.expires());
        assert_eq!(far, Some(Timestamp::from_unix_micros(u64::MAX)));
        assert!(read(json!({ "exp": 1e300 })).is_none() && read(json!({ "exp": -1 })).is_none());
    }

    /// RFC 7515, appendix A.1: the key and the signing input of its example, so that the tokens are everybody's.
    #[test]
    fn signatures_are_those_of_the_standard() {
        hs256::install();
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow==";
        let input = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                     eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let key = EncodingKey::from_urlsafe_base64_secret(key).unwrap();
        let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &key, Algorithm::HS256).unwrap();
        assert_eq!(signature, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    #[test]
    fn only_our_own_tokens_hold() {
        assert!(read(json!({})).is_some());
        assert!(read(json!({ "exp": get_current_timestamp() - 1 })).is_none(), "it is over");
        assert!(read(json!({ "nbf": get_current_timestamp() + 60 })).is_none(), "it has not begun");
        assert!(read(json!({ "exp": null })).is_none(), "it never ends");
        assert!(read(json!({ "exp": "tomorrow" })).is_none());
        assert!(read(json!({ "iss": "somebody-else" })).is_none());
        assert!(read(json!({ "iss": null })).is_none());
        assert!(read(json!({ "user_id": 7 })).is_none());
        assert!(read(json!({ "channels": "news" })).is_none());
    }

    #[test]
    fn a_token_of_another_secret_or_algorithm_does_not_hold() {
        let tokens = Tokens::new(SECRET);
        let right = signed(Header::new(Algorithm::HS256), &claims(json!({})), SECRET);
        assert!(tokens.read(&right, now()).is_some());
        assert!(tokens.read(&signed(Header::new(Algorithm::HS256), &claims(json!({})), b"another"), now()).is_none());
        let [header, body, signature] = right.split('.').collect::<Vec<_>>()[..] else { panic!("{right}") };
        // {"typ":"JWT","alg":"none"}, {"alg":"HS512"}
        for forged in ["eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0", "eyJhbGciOiJIUzUxMiJ9"] {
            assert!(tokens.read(&format!("{forged}.{body}.{signature}"), now()).is_none());
            assert!(tokens.read(&format!("{forged}.{body}."), now()).is_none());
        }
        for cut in [format!("{header}.{body}"), format!("{header}.{body}."), format!(".{body}.{signature}"), "x".into()]
        {
            assert!(tokens.read(&cut, now()).is_none(), "{cut}");
        }
    }
}
