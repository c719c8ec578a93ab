//! A client's side of one Spark socket, by `docs/protocol.md`: what it may hear, and what that means for each channel.

use super::side::Sent;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a client asked for under a `ref`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Subscribe(String),
    Unsubscribe(String),
    Message(String),
    Ping,
    /// Something that is answered with an error of this code.
    Wrong(&'static str),
}

/// What one channel hears, as on a path of its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    /// A text: as a string, or the JSON that it is.
    Text(Value),
    Binary(Vec<u8>),
    /// An error in answer to one message.
    Error(Value),
    /// It could not be joined: with this status, or this close code.
    Refused(u16),
    Closed(u16, String),
}

#[derive(Default)]
pub(super) struct Client {
    refs: u32,
    asked: BTreeMap<u32, Asked>,
    /// Errors that have to come without a `ref`, in order.
    pub(super) errors: Vec<&'static str>,
    /// Channels that are being joined without a `ref`.
    pub(super) joining: Option<String>,
    pub(super) subscribed: BTreeSet<String>,
    pub(super) pongs: u32,
}

impl Client {
    /// A new `ref`, under which this is asked for.
    pub(super) fn ask(&mut self, what: Asked) -> u32 {
        self.refs += 1;
        self.asked.insert(self.refs, what);
        self.refs
    }

    /// Everything that was asked for was answered; messages that wait for their batch only when there are none any more.
    pub(super) fn is_answered(&self, all: bool) -> Result<(), String> {
        let waits = |asked: &Asked| matches!(asked, Asked::Message(path) if path.starts_with("/batch/"));
        if let Some(missing) = self.asked.values().find(|asked| all || !waits(asked)) {
            return Err(format!("{missing:?} was never answered"));
        }
        if !self.errors.is_empty() || self.pongs > 0 {
            return Err(format!("errors {:?} and {} pongs never came", self.errors, self.pongs));
        }
        Ok(())
    }

    /// Reads a frame of the socket: which channel hears what of it.
    pub(super) fn read(&mut self, frame: &Sent) -> Result<Option<(String, Heard)>, String> {
        match frame {
            Sent::Close(code, reason) => Err(format!("the socket was closed with {code} {reason:?}")),
            Sent::Binary(bytes) => self.read_binary(bytes).map(Some),
            Sent::Text(text) => {
                let frame: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
                self.read_text(&frame).map_err(|what| format!("{what}: {text:.300}"))
            }
        }
    }

    fn read_binary(&self, bytes: &[u8]) -> Result<(String, Heard), String> {
        let [1, high, low, rest @ ..] = bytes else { return Err(format!("a binary frame begins {bytes:.4?}")) };
        let (path, bytes) = rest
            .split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))
            .ok_or("a binary frame is shorter than its path")?;
        let path = String::from_utf8(path.to_vec()).map_err(|error| error.to_string())?;
        self.belongs(&path)?;
        Ok((path, Heard::Binary(bytes.to_vec())))
    }

    /// Nothing comes of a channel before the answer to its `subscribe`, and nothing after its end.
    fn belongs(&self, channel: &str) -> Result<(), String> {
        if self.subscribed.contains(channel) {
            return Ok(());
        }
        Err(format!("something comes of {channel}, to which nobody is subscribed"))
    }

    fn read_text(&mut self, frame: &Value) -> Result<Option<(String, Heard)>, String> {
        let channel = frame["channel"].as_str().map(str::to_owned);
        match (frame["type"].as_str().unwrap_or_default(), channel) {
            ("message", Some(channel)) => {
                if self.joining.as_ref() == Some(&channel) {
                    self.join(&channel);
                }
                self.belongs(&channel)?;
                Ok(Some((channel, Heard::Text(frame["data"].clone()))))
            }
            ("unsubscribed", Some(channel)) => {
                if self.joining.as_ref() == Some(&channel) {
                    self.join(&channel);
                }
                self.belongs(&channel)?;
                self.subscribed.remove(&channel);
                let code = frame["code"].as_u64().and_then(|code| u16::try_from(code).ok()).ok_or("no code")?;
                Ok(Some((channel, Heard::Closed(code, frame["reason"].as_str().ok_or("no reason")?.to_owned()))))
            }
            ("error", channel) => match (&self.joining, channel) {
                (Some(joining), Some(channel)) if *joining == channel && frame["code"] == "REFUSED" => {
                    self.joining = None;
                    Ok(Some((channel, Heard::Refused(refusal(frame)?))))
                }
                _ => {
                    let due = if self.errors.is_empty() { "none" } else { self.errors.remove(0) };
                    if frame["code"] == due { Ok(None) } else { Err(format!("an error, where {due} was due")) }
                }
            },
            ("pong", _) => self.pong(frame),
            ("reply", channel) => self.reply(frame, channel.unwrap_or_default()),
            (kind, _) => Err(format!("a frame of type {kind:?}")),
        }
    }

    fn pong(&mut self, frame: &Value) -> Result<Option<(String, Heard)>, String> {
        match frame.get("ref").and_then(Value::as_u64) {
            Some(number) if self.asked.remove(&(number as u32)) == Some(Asked::Ping) => Ok(None),
            None if self.pongs > 0 => {
                self.pongs -= 1;
                Ok(None)
            }
            _ => Err("a pong to no ping".into()),
        }
    }

    fn join(&mut self, channel: &str) {
        self.joining = None;
        self.subscribed.insert(channel.to_owned());
    }

    fn reply(&mut self, frame: &Value, channel: String) -> Result<Option<(String, Heard)>, String> {
        let number = frame["ref"].as_u64().and_then(|number| u32::try_from(number).ok()).ok_or("no ref")?;
        let asked = self.asked.remove(&number).ok_or("a second answer, or one to nothing")?;
        let (is_ok, payload) = (frame["status"] == "ok", &frame["payload"]);
        if !is_ok && (frame["status"] != "error" || payload["type"] != "error") {
            return Err("neither an answer nor an error".into());
        }
        match asked {
            Asked::Wrong(code) if !is_ok && payload["code"] == code => Ok(None),
            Asked::Subscribe(path) if path == channel && is_ok => {
                self.join(&path);
                Ok(None)
            }
            Asked::Subscribe(path) if path == channel && payload["code"] == "REFUSED" => {
                Ok(Some((path, Heard::Refused(refusal(payload)?))))
            }
            Asked::Unsubscribe(path) if path == channel && is_ok => {
                self.subscribed.remove(&path);
                Ok(None)
            }
            Asked::Message(path) if path == channel => Ok(match payload {
                _ if !is_ok => Some((path, Heard::Error(payload.clone()))),
                Value::Null => None,
                payload => Some((path, Heard::Text(payload.clone()))),
            }),
            asked => Err(format!("{asked:?} was answered so")),
        }
    }
}

fn refusal(error: &Value) -> Result<u16, String> {
    let status = error.get("http").or(error.get("close")).and_then(Value::as_u64);
    status.and_then(|status| u16::try_from(status).ok()).ok_or_else(|| "a refusal without a status".into())
}
