//! The key of live pages.

use hmac::{Hmac, KeyInit, Mac};
use lazuli::Secret;
use sha2::Sha256;

/// The key that the hub signs pages with, made from the secret of the command line: the same at each start, so pages outlive the
/// server. It tells nothing of the secret, and is good for nothing that is signed with the secret itself.
pub fn of_pages(secret: &str) -> Secret {
    let mut maker = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of HMAC has any length");
    maker.update(b"lazuli-showcase: live pages");
    Secret::new(maker.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_one_key_and_another_one_another() {
        assert_eq!(of_pages("a"), of_pages("a"));
        assert_ne!(of_pages("a"), of_pages("b"));
    }
}
