//! A change of a text.

use serde::{Deserialize, Serialize};

/// A part of a text is replaced: `(at, delete, insert)`, in UTF-16 units, as a browser counts.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Splice(pub u32, pub u32, pub String);

impl Splice {
    /// How much it puts in, in UTF-16 units.
    pub fn inserts(&self) -> u32 {
        self.2.encode_utf16().count() as u32
    }

    /// Whether it can be done in this text: it cuts no character in two, and ends lines as a browser does.
    pub fn is_of(&self, text: &str) -> bool {
        let Splice(at, delete, insert) = self;
        let end = at.checked_add(*delete);
        end.is_some_and(|end| is_boundary(text, *at) && is_boundary(text, end)) && !insert.contains('\r')
    }
}

/// Whether a character begins at this place, counted in UTF-16 units, or the text ends.
fn is_boundary(text: &str, at: u32) -> bool {
    let mut seen = 0;
    for char in text.chars() {
        if seen >= at {
            break;
        }
        seen += char.len_utf16() as u32;
    }
    seen == at
}
