//! The answer to a request, read strictly enough to see where it ends.

use std::fmt;

/// A status and the header fields; the body is read and dropped.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    fields: Vec<(String, String)>,
}

impl Reply {
    /// Takes a reply from `bytes` and says how long it was; `None` while it is incomplete. `ended`
    /// says that no more will come, which is where a body without a declared length ends.
    ///
    /// # Errors
    ///
    /// What is no HTTP, in words.
    pub(super) fn parse(bytes: &[u8], ended: bool) -> Result<Option<(Reply, usize)>, String> {
        let Some((reply, start)) = Reply::parse_head(bytes)? else {
            return Ok(None);
        };
        let body = &bytes[start..];
        let length = match (reply.field("transfer-encoding"), reply.field("content-length")) {
            _ if matches!(reply.status, 100..200 | 204 | 304) => Some(0),
            (Some(_), _) => body.windows(5).position(|end| end == b"0\r\n\r\n").map(|at| at + 5),
            (None, Some(length)) => Some(length.parse().map_err(|_| format!("a content-length of {length:?}"))?),
            (None, None) => ended.then_some(body.len()),
        };
        Ok(length.filter(|length| *length <= body.len()).map(|length| (reply, start + length)))
    }

    /// The same without the body.
    pub(super) fn parse_head(bytes: &[u8]) -> Result<Option<(Reply, usize)>, String> {
        let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            // A frame or another protocol would otherwise be waited on for long.
            let start = &bytes[..bytes.len().min(7)];
            return if b"HTTP/1.".starts_with(start) { Ok(None) } else { Err("an answer that isn't HTTP".into()) };
        };
        let text = std::str::from_utf8(&bytes[..head]).map_err(|_| "an HTTP head that isn't text")?;
        let mut lines = text.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 ").or(line.strip_prefix("HTTP/1.0 ")))
            .and_then(|line| line.get(..3)?.parse().ok())
            .ok_or_else(|| format!("a status line that isn't HTTP/1.1: {text:?}"))?;
        let fields = lines
            .map(|line| match line.split_once(':') {
                Some((name, value)) => Ok((name.to_ascii_lowercase(), value.trim().to_owned())),
                None => Err(format!("a header line without a colon: {line:?}")),
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Some((Reply { status, fields }, head + 4)))
    }

    /// The value of the first field of this name, which is given in small letters.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether the field is a list that has `token`, in whatever case.
    pub(super) fn lists(&self, name: &str, token: &str) -> bool {
        let tokens = self.field(name).into_iter().flat_map(|value| value.split(','));
        tokens.map(str::trim).any(|word| word.eq_ignore_ascii_case(token))
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP status {}", self.status)?;
        for (name, value) in &self.fields {
            if name.starts_with("sec-websocket") || matches!(name.as_str(), "upgrade" | "connection") {
                write!(f, ", {name}: {value}")?;
            }
        }
        Ok(())
    }
}
