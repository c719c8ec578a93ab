//! JSON in and out.

use crate::error::{Error, Result};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Reads a message that is tagged by its `type`; see [`parse_tagged`].
///
/// # Errors
/// As [`parse_tagged`].
pub fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T> {
    parse_tagged(text, "type")
}

/// Reads a message, which is a JSON object, of any type that `serde` can make of one, with one clear error for each thing that can be wrong.
///
/// ```
/// use lazuli::json;
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize)]
/// #[serde(tag = "type", rename_all = "snake_case")]
/// enum Message {
///     Say { text: String },
/// }
///
/// let said = |text| json::parse::<Message>(text).map_err(|error| error.message().to_owned());
/// assert!(said(r#"{"type":"say","text":"hi"}"#).is_ok());
/// assert_eq!(said("{").unwrap_err(), "Invalid JSON format");
/// assert_eq!(said(r#"{"type":"sing"}"#).unwrap_err(), "Unknown message type: sing");
/// assert_eq!(said(r#"{"type":"say"}"#).unwrap_err(), "Invalid message format: missing field `text`");
/// assert_eq!(
///     said(r#"{"type":"say","text":5}"#).unwrap_err(),
///     "Invalid message format: `text`: invalid type: integer `5`, expected a string",
/// );
/// ```
///
/// # Errors
/// "Invalid JSON format" (code `INVALID_JSON`), "Unknown message type: …" where the value under `tag` names no variant,
/// "Invalid message format: …" for everything else.
pub fn parse_tagged<'a, T: Deserialize<'a>>(text: &'a str, tag: &str) -> Result<T> {
    if text.trim_start().starts_with('{')
        && let Ok(message) = serde_json::from_str(text)
    {
        return Ok(message);
    }
    // Most messages are right: what is wrong with one is looked up only now.
    Err(fault::<T>(text, tag))
}

/// What is wrong with a text that is no `T`.
pub(crate) fn fault<'a, T: Deserialize<'a>>(text: &'a str, tag: &str) -> Error {
    let Ok(value) = serde_json::from_str(text) else {
        return Error::reply("Invalid JSON format").with_code("INVALID_JSON");
    };
    let Value::Object(fields) = value else {
        return Error::reply("Invalid message format: a message is a JSON object");
    };
    // A message with nothing but its type says whether it is the type that is unknown, or a field that is wrong.
    if let Some(Value::String(name)) = fields.get(tag) {
        let bare = Value::Object([(tag.into(), Value::String(name.clone()))].into_iter().collect());
        if let Err(error) = T::deserialize(bare)
            && format!("{error}").starts_with(&format!("unknown variant `{name}`"))
        {
            return Error::reply(format!("Unknown message type: {name}"));
        }
    }
    let said = serde_json::from_str::<T>(text).err().map(|error| format!("{error}")).unwrap_or_default();
    let said = without_place(&said);
    let complaint =
        |fields: Map<String, Value>| T::deserialize(Value::Object(fields)).err().map(|error| format!("{error}"));
    match culprit(&fields, tag, said, complaint) {
        Some(field) => Error::reply(format!("Invalid message format: `{field}`: {said}")),
        None => Error::reply(format!("Invalid message format: {said}")),
    }
}

/// With more fields than this, nobody looks for the one that is wrong: each look reads the whole message.
const LOOKED_AT: usize = 16;

/// The field that `said` is about, where `serde` does not name it: the one without which the `complaint` is
/// another.
pub(crate) fn culprit(
    fields: &Map<String, Value>,
    tag: &str,
    said: &str,
    complaint: impl Fn(Map<String, Value>) -> Option<String>,
) -> Option<String> {
    let is_named = ["missing field", "unknown field", "duplicate field"].iter().any(|named| said.starts_with(named));
    if is_named || fields.len() > LOOKED_AT || complaint(fields.clone()).as_deref() != Some(said) {
        return None;
    }
    let mut names = fields.keys().filter(|name| *name != tag);
    let is_culprit = |name: &&String| {
        let mut others = fields.clone();
        others.remove(*name);
        complaint(others).as_deref() != Some(said)
    };
    names.find(is_culprit).cloned()
}

/// What `serde_json` says, without the line and column, which mean little in a message.
pub(crate) fn without_place(said: &str) -> &str {
    said.rsplit_once(" at line ").map_or(said, |(what, _)| what)
}

/// Appends `value` as JSON.
#[cfg(feature = "std")]
pub(crate) fn write(value: &(impl Serialize + ?Sized), bytes: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer(bytes, value)
}

/// Appends `value` as JSON. Without `std` there is no writer to hand over, so this takes a copy.
#[cfg(not(feature = "std"))]
pub(crate) fn write(value: &(impl Serialize + ?Sized), bytes: &mut Vec<u8>) -> serde_json::Result<()> {
    bytes.extend_from_slice(&serde_json::to_vec(value)?);
    Ok(())
}
