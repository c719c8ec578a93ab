//! Whose tokens were taken back.

use super::Claims;
use lazuli::Timestamp;
use std::collections::BTreeMap;

/// So many users can be remembered. Forgetting one would let their old tokens in again.
const MOST: usize = 10_000;

/// Until when the tokens of a user do not hold any more.
#[derive(Default)]
pub struct Revoked(BTreeMap<String, u64>);

impl Revoked {
    /// Whether one more user can be remembered.
    pub fn has_room_for(&self, user: &str) -> bool {
        self.0.len() < MOST || self.0.contains_key(user)
    }

    /// Takes back all tokens of a user that were made up to now.
    pub fn revoke(&mut self, user: String, now: Timestamp) {
        if self.has_room_for(&user) {
            self.0.insert(user, now.as_unix_micros() / 1_000_000);
        }
    }

    /// Whether this token was taken back. Tokens say the second in which they were made: one of the same second was.
    pub fn includes(&self, claims: &Claims) -> bool {
        self.0.get(&claims.user_id).is_some_and(|&until| claims.iat <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tokens;
    use super::*;

    #[test]
    fn tokens_made_before_are_taken_back() {
        let tokens = Tokens::new(b"secret");
        let claims =
            tokens.read(&tokens.issue("ada", Vec::new(), 60).unwrap(), Timestamp::from_unix_micros(0)).unwrap();
        let second = |seconds: u64| Timestamp::from_unix_micros(seconds * 1_000_000 + 999_999);
        let mut revoked = Revoked::default();
        revoked.revoke("bob".into(), second(claims.iat + 10));
        assert!(!revoked.includes(&claims), "another user");
        revoked.revoke("ada".into(), second(claims.iat - 1));
        assert!(!revoked.includes(&claims), "made since");
        revoked.revoke("ada".into(), second(claims.iat));
        assert!(revoked.includes(&claims));
    }

    #[test]
    fn nobody_is_forgotten_for_another() {
        let mut revoked = Revoked::default();
        let now = Timestamp::from_unix_micros(0);
        for user in 0..MOST {
            revoked.revoke(user.to_string(), now);
        }
        assert!(!revoked.has_room_for("one more") && revoked.has_room_for("7"));
        revoked.revoke("one more".into(), now);
        assert_eq!(revoked.0.len(), MOST);
    }
}
