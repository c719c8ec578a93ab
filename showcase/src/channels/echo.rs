//! `/echo`: what comes goes back.

use crate::app::{Context, Showcase};
use lazuli::driver::guard::FrameLimits;
use lazuli::{Channel, Limits, Result};

/// Answers with what it gets.
pub struct Echo;

/// A conformance suite sends messages of 16 MiB, and in tens of thousands of fragments.
pub fn limits() -> Limits {
    let frames = FrameLimits { text: 16 << 20, binary: 16 << 20, fragments: 1 << 18, ..FrameLimits::default() };
    Limits { frames, waiting: 32 << 20, ..Limits::default() }
}

impl Channel<Showcase> for Echo {
    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> Result {
        cx.text(text);
        Ok(())
    }

    fn on_binary(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Result {
        cx.binary(bytes);
        Ok(())
    }
}
