//! UTF-8, checked as it arrives: masked, split anywhere, and refused at the first byte that cannot belong to it.
//!
//! The checker is an automaton of nine states in which a step is one shift. Each byte value has a 64-bit row that
//! says, six bits for each state, where that byte leads. A state is the position of its six bits, so shifting the row
//! by the state brings the next state down. Position zero is the dead end: every step that [`row`] does not name leads
//! there, and none leads out.

/// No byte can make this text UTF-8 again.
const DEAD: u8 = 0;
/// Between characters.
const START: u8 = 6;
/// One, two or three continuation bytes must follow.
const ONE: u8 = 12;
const TWO: u8 = 18;
const THREE: u8 = 24;
/// After these four the next byte is restricted: it could spell a form longer than needed (E0, F0), a surrogate (ED),
/// or a value above U+10FFFF (F4).
const AFTER_E0: u8 = 30;
const AFTER_ED: u8 = 36;
const AFTER_F0: u8 = 42;
const AFTER_F4: u8 = 48;

static ROWS: [u64; 256] = rows();

const fn rows() -> [u64; 256] {
    let mut rows = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        rows[byte] = row(byte as u8);
        byte += 1;
    }
    rows
}

/// Where `byte` leads from each state.
const fn row(byte: u8) -> u64 {
    match byte {
        0x00..=0x7F => step(START, START),
        0x80..=0x8F => middle() | step(AFTER_ED, ONE) | step(AFTER_F4, TWO),
        0x90..=0x9F => middle() | step(AFTER_ED, ONE) | step(AFTER_F0, TWO),
        0xA0..=0xBF => middle() | step(AFTER_E0, ONE) | step(AFTER_F0, TWO),
        0xC2..=0xDF => step(START, ONE),
        0xE0 => step(START, AFTER_E0),
        0xED => step(START, AFTER_ED),
        0xE1..=0xEF => step(START, TWO),
        0xF0 => step(START, AFTER_F0),
        0xF1..=0xF3 => step(START, THREE),
        0xF4 => step(START, AFTER_F4),
        0xC0..=0xC1 | 0xF5..=0xFF => 0,
    }
}

/// What every continuation byte does.
const fn middle() -> u64 {
    step(ONE, START) | step(TWO, ONE) | step(THREE, TWO)
}

const fn step(from: u8, to: u8) -> u64 {
    (to as u64) << from
}

/// The state of one text, from its first byte on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Utf8(u8);

impl Utf8 {
    pub(crate) const fn new() -> Self {
        Self(START)
    }

    /// Whether the text may end here: not inside a character.
    pub(crate) const fn complete(self) -> bool {
        self.0 == START
    }

    /// Reads on. `mask` is XORed over `bytes`, its most significant byte over the first, again every four bytes.
    ///
    /// # Errors
    /// The index of the first byte that cannot continue UTF-8. Nothing more can be read after that.
    pub(super) fn read(&mut self, mask: u32, bytes: &[u8]) -> Result<(), usize> {
        let mask = mask.to_be_bytes();
        let [a, b, c, d] = mask;
        let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);

        let (words, tail) = bytes.as_chunks();
        for (i, word) in words.iter().enumerate() {
            let word = u64::from_ne_bytes(*word) ^ wide;
            if !(self.complete() && is_ascii(word)) {
                self.run(word.to_ne_bytes().into_iter()).map_err(|at| 8 * i + at)?;
            }
        }
        // Eight is a multiple of four, so the tail starts with the mask's first byte again.
        let tail = tail.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        self.run(tail).map_err(|at| 8 * words.len() + at)
    }

    /// Steps through a few bytes, and looks for the wrong one only once it is known to be there.
    #[inline]
    fn run(&mut self, bytes: impl Iterator<Item = u8> + Clone) -> Result<(), usize> {
        let mut state = *self;
        *self = bytes.clone().fold(state, Self::after);
        if self.0 != DEAD {
            return Ok(());
        }
        let right = bytes.take_while(|&byte| {
            state = state.after(byte);
            state.0 != DEAD
        });
        Err(right.count())
    }

    /// Whether no byte can make this UTF-8 again.
    #[cfg(feature = "websocket")]
    pub(crate) const fn is_dead(self) -> bool {
        self.0 == DEAD
    }

    #[inline]
    pub(crate) fn after(self, byte: u8) -> Self {
        Self((ROWS[usize::from(byte)] >> self.0) as u8 & 63)
    }
}

const fn is_ascii(word: u64) -> bool {
    word & 0x8080_8080_8080_8080 == 0
}

#[cfg(test)]
mod tests {
    use super::Utf8;

    /// The index of the byte that `core` would call wrong: it reports where the character began, and how many of its
    /// bytes were right.
    fn offending(bytes: &[u8]) -> Result<bool, usize> {
        match core::str::from_utf8(bytes) {
            Ok(_) => Ok(true),
            Err(error) => match error.error_len() {
                None => Ok(false),
                Some(len) => {
                    let lead = matches!(bytes[error.valid_up_to()], 0xC2..=0xF4);
                    Err(error.valid_up_to() + if lead { len } else { 0 })
                }
            },
        }
    }

    fn read(bytes: &[u8]) -> Result<bool, usize> {
        let mut text = Utf8::new();
        text.read(0, bytes)?;
        Ok(text.complete())
    }

    #[test]
    fn short_sequences_are_judged_as_by_core() {
        for a in 0..=255 {
            assert_eq!(read(&[a]), offending(&[a]));
            for b in 0..=255 {
                assert_eq!(read(&[a, b]), offending(&[a, b]), "{a:02x} {b:02x}");
            }
        }
        for (a, b, c) in (0xE0..=0xEF).flat_map(|a| (0..=255).flat_map(move |b| (0..=255).map(move |c| (a, b, c)))) {
            assert_eq!(read(&[a, b, c]), offending(&[a, b, c]), "{a:02x} {b:02x} {c:02x}");
        }
    }

    #[test]
    fn sequences_of_four_are_judged_as_by_core() {
        // Both ends of each range that the automaton tells apart.
        const EDGES: [u8; 24] = [
            0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
            0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ];
        for a in 0xF0..=0xF5 {
            for b in 0..=255 {
                for (c, d) in EDGES.into_iter().flat_map(|c| EDGES.map(|d| (c, d))) {
                    let bytes = [a, b, c, d];
                    assert_eq!(read(&bytes), offending(&bytes), "{bytes:02x?}");
                }
            }
        }
    }

    #[test]
    fn a_fault_is_found_at_its_byte_wherever_it_lies_in_a_word() {
        for start in 0..40 {
            let mut bytes = [b'a'; 48];
            bytes[start..start + 3].copy_from_slice(&[0xED, 0xA0, 0x80]);
            assert_eq!(read(&bytes), Err(start + 1));
        }
    }

    #[test]
    fn a_word_of_continuation_bytes_is_not_ascii() {
        assert_eq!(read(&[0x80; 8]), Err(0));
        assert_eq!(read(b"01234567\x80\x80\x80\x80\x80\x80\x80\x80"), Err(8));
    }

    #[test]
    fn the_mask_begins_with_its_most_significant_byte() {
        let clear = "naïve 日本 🦀 text";
        let mask = 0x01F2_A380_u32;
        let masked = clear.bytes().enumerate().map(|(i, byte)| byte ^ mask.to_be_bytes()[i % 4]);
        let mut bytes = [0; 64];
        let len = masked.zip(&mut bytes).map(|(byte, slot)| *slot = byte).count();
        let mut text = Utf8::new();
        assert_eq!(text.read(mask, &bytes[..len]), Ok(()));
        assert!(text.complete());
    }
}
