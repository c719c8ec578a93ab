//! The handshake as a client sees it.

use std::collections::BTreeMap;

/// A request for a WebSocket; `key` is sixteen bytes in base64.
pub(crate) fn upgrade_request(target: &str, host: &str, key: &str) -> Vec<u8> {
    format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    .into_bytes()
}

/// The head of a server's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// By name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
}

/// Reads the head of an answer that comes piece by piece.
#[derive(Debug, Default)]
pub(crate) struct AnswerReader {
    bytes: Vec<u8>,
}

/// The longest head that is read.
const LIMIT: usize = 64 << 10;

impl AnswerReader {
    /// Takes in bytes; once the head is complete, gives it and what came behind it.
    ///
    /// # Errors
    /// In words, when this is no answer.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Option<(Answer, Vec<u8>)>, String> {
        // The end may lie across two pieces.
        let from = self.bytes.len().saturating_sub(3);
        self.bytes.extend_from_slice(bytes);
        let Some(end) = self.bytes[from..].windows(4).position(|window| window == b"\r\n\r\n") else {
            return if self.bytes.len() > LIMIT { Err("an answer's head has no end".into()) } else { Ok(None) };
        };
        let rest = self.bytes.split_off(from + end + 4);
        let head = String::from_utf8(std::mem::take(&mut self.bytes)).map_err(|_| "an answer's head is no UTF-8")?;
        Ok(Some((parse(&head)?, rest)))
    }
}

fn parse(head: &str) -> Result<Answer, String> {
    let mut lines = head.trim_end().split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let status = status.ok_or_else(|| format!("an answer begins with {first:?}"))?;
    let mut headers = BTreeMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or_else(|| format!("a header reads {line:?}"))?;
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    Ok(Answer { status, headers })
}
