//! The bytes of the protocol: frames and request heads to send, right or wrong, and frames that a
//! server sent.

use std::fmt;

pub(super) const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

/// The masking key of every frame that doesn't ask for another: fixed, so that two runs send the
/// same bytes.
const MASK: [u8; 4] = [0x9e, 0x37, 0x79, 0xb9];

/// A key for the handshake and the answer that it must get.
pub(super) const KEYS: [(&str, &str); 5] = [
    ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ("AAAAAAAAAAAAAAAAAAAAAA==", "ICX+Yqv66kxgM0FcWaLWlFLwTAI="),
    ("/////////////////////w==", "XXpj4jYzLM2yUE0C7TIgMwTQh2g="),
    ("8PHy8/T19vf4+fr7/P3+/w==", "o1HBjBrgy9KLkiDEDur3dyqqLEs="),
    ("++++++++++++++++++++/w==", "CJpIURFjNZbvu95EM2tMdLHTZ6U="),
];

/// How a payload's length is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Width {
    /// In as few bytes as hold it, as the standard demands.
    Least,
    /// In the 16-bit form.
    Two,
    /// In the 64-bit form.
    Eight,
}

/// A frame as a client sends it; well-formed until told otherwise.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    fin: bool,
    rsv: u8,
    opcode: u8,
    mask: Option<[u8; 4]>,
    width: Width,
    announced: Option<u64>,
    payload: Vec<u8>,
}

impl Frame {
    pub(super) fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Frame {
        Frame {
            fin: true,
            rsv: 0,
            opcode,
            mask: Some(MASK),
            width: Width::Least,
            announced: None,
            payload: payload.into(),
        }
    }

    pub(super) fn text(payload: impl Into<Vec<u8>>) -> Frame {
        Frame::new(TEXT, payload)
    }

    pub(super) fn binary(payload: impl Into<Vec<u8>>) -> Frame {
        Frame::new(BINARY, payload)
    }

    pub(super) fn continuation(payload: impl Into<Vec<u8>>) -> Frame {
        Frame::new(CONTINUATION, payload)
    }

    pub(super) fn ping(payload: impl Into<Vec<u8>>) -> Frame {
        Frame::new(PING, payload)
    }

    pub(super) fn pong(payload: impl Into<Vec<u8>>) -> Frame {
        Frame::new(PONG, payload)
    }

    pub(super) fn close(code: u16, reason: impl AsRef<[u8]>) -> Frame {
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend_from_slice(reason.as_ref());
        Frame::new(CLOSE, payload)
    }

    /// More fragments follow.
    pub(super) fn more(mut self) -> Frame {
        self.fin = false;
        self
    }

    /// Sets the three reserved bits, RSV1 being the highest.
    pub(super) fn rsv(mut self, bits: u8) -> Frame {
        self.rsv = bits;
        self
    }

    pub(super) fn mask(mut self, key: [u8; 4]) -> Frame {
        self.mask = Some(key);
        self
    }

    pub(super) fn unmasked(mut self) -> Frame {
        self.mask = None;
        self
    }

    pub(super) fn width(mut self, width: Width) -> Frame {
        self.width = width;
        self
    }

    /// The header declares `length`, and the payload is what of it is sent.
    pub(super) fn announcing(mut self, length: u64) -> Frame {
        self.announced = Some(length);
        self
    }

    /// Whether all that it declares is sent.
    pub(super) fn is_whole(&self) -> bool {
        self.announced.is_none()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let length = self.announced.unwrap_or(self.payload.len() as u64);
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let mut out = Vec::with_capacity(self.payload.len() + 14);
        out.push(if self.fin { 0x80 } else { 0 } | self.rsv << 4 | self.opcode);
        match (self.width, length) {
            (Width::Least, 0..=125) => out.push(masked | length as u8),
            (Width::Least, 126..=0xffff) | (Width::Two, _) => {
                out.push(masked | 126);
                out.extend_from_slice(&(length as u16).to_be_bytes());
            }
            (Width::Least | Width::Eight, _) => {
                out.push(masked | 127);
                out.extend_from_slice(&length.to_be_bytes());
            }
        }
        match self.mask {
            None => out.extend_from_slice(&self.payload),
            Some(key) => {
                out.extend_from_slice(&key);
                out.extend(self.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
            }
        }
        out
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mask.is_none() {
            f.write_str("unmasked ")?;
        }
        f.write_str(&name(self.opcode))?;
        if !self.fin {
            f.write_str(", more to follow,")?;
        }
        if self.rsv != 0 {
            write!(f, ", reserved bits {:03b},", self.rsv)?;
        }
        if let Some(length) = self.announced {
            write!(f, " of {length} bytes, of which only these are sent:")?;
        }
        write!(f, " {}", show_payload(self.opcode, &self.payload))
    }
}

/// What an opcode is called.
pub(super) fn name(opcode: u8) -> String {
    match opcode {
        CONTINUATION => "continuation".into(),
        TEXT => "text".into(),
        BINARY => "binary".into(),
        CLOSE => "close".into(),
        PING => "ping".into(),
        PONG => "pong".into(),
        other => format!("opcode {other:#x}"),
    }
}

/// A payload as a person reads it: the code of a close frame as a number.
pub(super) fn show_payload(opcode: u8, payload: &[u8]) -> String {
    match (opcode, payload) {
        (CLOSE, [high, low, reason @ ..]) => {
            format!("{} {}", u16::from_be_bytes([*high, *low]), show(reason))
        }
        _ => show(payload),
    }
}

/// Bytes as a person reads them: as text where they are, escaped where not, and only the beginning
/// of many.
pub(super) fn show(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes[..bytes.len().min(40)].utf8_chunks() {
        let text = format!("{:?}", chunk.valid());
        shown += &text[1..text.len() - 1];
        shown.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    match bytes.len() {
        0 => "(empty)".into(),
        1..=40 => format!("\"{shown}\""),
        n => format!("\"{shown}…\" ({n} bytes)"),
    }
}

/// A frame that a server sent.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) fin: bool,
    pub(super) opcode: u8,
    pub(super) payload: Vec<u8>,
}

/// Takes the first frame from `bytes` and says how long it was; `None` while it is incomplete.
///
/// # Errors
///
/// What a server must never send, in words.
pub(super) fn decode(bytes: &[u8]) -> Result<Option<(Received, usize)>, String> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    let (fin, opcode, short) = (first & 0x80 != 0, first & 0x0f, u64::from(second & 0x7f));
    let what = name(opcode);
    if first & 0x70 != 0 {
        return Err(format!("{what} with reserved bits {:03b}, though no extension was agreed on", first >> 4 & 7));
    }
    if !matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG) {
        return Err(format!("a frame of {what}, which means nothing"));
    }
    if second & 0x80 != 0 {
        return Err(format!("{what} with a mask, which a server must not use"));
    }
    if opcode >= CLOSE && (!fin || short > 125) {
        return Err(format!("{what} that is fragmented or longer than 125 bytes"));
    }
    let (length, least, header) = match (short, rest) {
        (126, [a, b, ..]) => (u64::from(u16::from_be_bytes([*a, *b])), 126, 4),
        (127, [a, b, c, d, e, f, g, h, ..]) => (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), 0x1_0000, 10),
        (126 | 127, _) => return Ok(None),
        _ => (short, 0, 2),
    };
    if length < least {
        return Err(format!("{what} with its length {length} in more bytes than needed"));
    }
    if length > 1 << 32 {
        return Err(format!("{what} with a declared length of {length}"));
    }
    let end = header + length as usize;
    let received = bytes.get(header..end).map(|payload| Received { fin, opcode, payload: payload.to_vec() });
    Ok(received.map(|received| (received, end)))
}

/// The head of a request, which a case then spoils.
#[derive(Clone, Debug)]
pub(super) struct Head {
    line: String,
    fields: Vec<(String, String)>,
}

impl Head {
    /// What a browser on a page of the same origin sends to open a WebSocket.
    pub(super) fn upgrade(authority: &str, path: &str) -> Head {
        let fields = [
            ("Host", authority),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", KEYS[0].0),
            ("Sec-WebSocket-Version", "13"),
            ("Origin", &format!("http://{authority}")),
        ];
        Head { line: format!("GET {path} HTTP/1.1"), fields: fields.map(|(n, v)| (n.to_owned(), v.to_owned())).into() }
    }

    /// A request that asks for no upgrade.
    pub(super) fn plain(line: &str, authority: &str) -> Head {
        Head { line: line.to_owned(), fields: vec![("Host".to_owned(), authority.to_owned())] }
    }

    /// The request line.
    pub(super) fn to_line(&self) -> String {
        self.line.clone()
    }

    /// Another request line.
    pub(super) fn line(mut self, line: impl Into<String>) -> Head {
        self.line = line.into();
        self
    }

    pub(super) fn add(mut self, name: impl Into<String>, value: impl Into<String>) -> Head {
        self.fields.push((name.into(), value.into()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Head {
        self.fields.retain(|(field, _)| !field.eq_ignore_ascii_case(name));
        self
    }

    pub(super) fn set(self, name: &str, value: impl Into<String>) -> Head {
        self.without(name).add(name, value)
    }

    /// Every field's name, changed.
    pub(super) fn names(mut self, change: impl Fn(&str) -> String) -> Head {
        self.fields.iter_mut().for_each(|(name, _)| *name = change(name));
        self
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let fields: String = self.fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{}\r\n{fields}\r\n", self.line).into_bytes()
    }
}
