//! Who may do what: tokens, and whose were taken back.

mod hs256;
pub mod key;
mod revoked;
mod tokens;

pub use revoked::Revoked;
pub use tokens::{Claims, Tokens};
