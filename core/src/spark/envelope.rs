//! What a client's frames on a Spark socket say.

use crate::json;
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// The longest path of a channel, in bytes.
pub(crate) const LONGEST_CHANNEL: usize = 1_024;

/// One frame, understood.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    /// What the client wants to hear the answer under.
    pub(crate) reference: Option<u32>,
    pub(crate) request: Request<'a>,
}

impl Envelope<'_> {
    /// What it concerns.
    pub(crate) fn about(&self) -> About<'_> {
        match &self.request {
            Request::Subscribe { channel, .. } | Request::Unsubscribe { channel } | Request::Text { channel, .. } => {
                About::Channel(channel)
            }
            Request::Binary { channel, .. } => About::Channel(channel),
            Request::Event { component, .. } | Request::Resync { component } | Request::Unmount { component } => {
                About::Component(*component)
            }
            Request::Mount { .. } | Request::Template { .. } | Request::Ping => About::Socket,
        }
    }
}

/// What a message, or what is wrong with one, concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About<'a> {
    Socket,
    Channel(&'a str),
    Component(u32),
}

/// What a client asks for.
#[derive(Debug)]
pub(crate) enum Request<'a> {
    Subscribe {
        channel: Cow<'a, str>,
        params: BTreeMap<String, Value>,
    },
    Unsubscribe {
        channel: Cow<'a, str>,
    },
    Text {
        channel: Cow<'a, str>,
        text: Cow<'a, str>,
    },
    Binary {
        channel: &'a str,
        bytes: &'a [u8],
    },
    Mount {
        token: Cow<'a, str>,
        fresh: bool,
    },
    /// `data` is JSON.
    Event {
        component: u32,
        event: Cow<'a, str>,
        data: &'a str,
    },
    Resync {
        component: u32,
    },
    Unmount {
        component: u32,
    },
    Template {
        name: Cow<'a, str>,
    },
    Ping,
}

/// A frame that is none of these.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) message: Cow<'static, str>,
    pub(crate) code: &'static str,
    /// As far as they could be read.
    pub(crate) reference: Option<u32>,
    pub(crate) channel: Option<String>,
    pub(crate) component: Option<u32>,
}

impl Fault {
    fn json() -> Fault {
        Fault { code: "INVALID_JSON", ..Fault::message("Invalid JSON format") }
    }

    fn message(message: impl Into<Cow<'static, str>>) -> Fault {
        Fault { message: message.into(), code: "INVALID_MESSAGE", reference: None, channel: None, component: None }
    }

    /// What it concerns.
    pub(crate) fn about(&self) -> About<'_> {
        match (&self.channel, self.component) {
            (_, Some(component)) => About::Component(component),
            (Some(channel), None) => About::Channel(channel),
            (None, None) => About::Socket,
        }
    }

    fn format(what: &str) -> Fault {
        Fault::message(format!("Invalid message format: {what}"))
    }
}

/// All fields of all messages; which of them a message needs depends on its type.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, rename = "type", default, deserialize_with = "present")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    channel: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
    #[serde(borrow, rename = "ref", default, deserialize_with = "present")]
    reference: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    component_id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    token: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    fresh: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    event: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    name: Option<&'a RawValue>,
}

/// A field that is there, `null` too.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// A string that borrows where it can.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn string(value: Option<&RawValue>) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(value?.get()).ok().map(|text| text.0)
}

/// Reads a text frame.
pub(crate) fn read_text(text: &str) -> Result<Envelope<'_>, Fault> {
    // Most frames are right; what is wrong with one is looked up only then.
    let Ok(fields) = serde_json::from_str::<Fields<'_>>(text) else {
        return Err(match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Err(_) => Fault::json(),
            Ok(_) if !text.trim_ascii_start().starts_with('{') => Fault::format("a message is a JSON object"),
            Ok(_) => {
                let said = serde_json::from_str::<Fields<'_>>(text).err().map(|error| error.to_string());
                Fault::format(json::without_place(&said.unwrap_or_default()))
            }
        });
    };
    if !text.trim_ascii_start().starts_with('{') {
        return Err(Fault::format("a message is a JSON object"));
    }
    let reference = match fields.reference {
        None => None,
        Some(value) => match serde_json::from_str::<Option<u32>>(value.get()) {
            Ok(reference) => reference,
            Err(_) => return Err(Fault::format("a ref is a whole number from 0 to 4294967295")),
        },
    };
    let channel = string(fields.channel);
    let component = fields.component_id.and_then(|number| serde_json::from_str(number.get()).ok());
    let at = |fault: Fault| Fault { reference, channel: channel.as_deref().map(shown), component, ..fault };
    let request = read(&fields, channel.clone(), component).map_err(at)?;
    if reference.is_none() && matches!(request, Request::Mount { .. } | Request::Template { .. }) {
        return Err(at(Fault::format("missing field `ref`")));
    }
    Ok(Envelope { reference, request })
}

/// A text field that has to be there.
fn text<'a>(field: Option<&'a RawValue>, name: &str) -> Result<Cow<'a, str>, Fault> {
    match string(field) {
        Some(text) => Ok(text),
        None if field.is_none() => Err(Fault::format(&format!("missing field `{name}`"))),
        None => Err(Fault::format(&format!("`{name}` is a string"))),
    }
}

/// What concerns components and what they show; `None` for another type.
fn read_component<'a>(kind: &str, fields: &Fields<'a>, component: Option<u32>) -> Option<Result<Request<'a>, Fault>> {
    let component = || match (fields.component_id, component) {
        (_, Some(component)) => Ok(component),
        (None, None) => Err(Fault::format("missing field `component_id`")),
        (Some(_), None) => Err(Fault::format("a component_id is a whole number from 0 to 4294967295")),
    };
    let mount = || {
        let fresh = match fields.fresh.map(RawValue::get) {
            None | Some("null" | "false") => false,
            Some("true") => true,
            Some(_) => return Err(Fault::format("`fresh` is true or false")),
        };
        Ok(Request::Mount { token: text(fields.token, "token")?, fresh })
    };
    let event = || {
        let (component, event) = (component()?, text(fields.event, "event")?);
        Ok(Request::Event { component, event, data: fields.data.map_or("null", RawValue::get) })
    };
    Some(match kind {
        "component_mount" => mount(),
        "component_event" => event(),
        "component_resync" => component().map(|component| Request::Resync { component }),
        "component_unmount" => component().map(|component| Request::Unmount { component }),
        "template" => text(fields.name, "name").map(|name| Request::Template { name }),
        _ => return None,
    })
}

fn read<'a>(fields: &Fields<'a>, channel: Option<Cow<'a, str>>, component: Option<u32>) -> Result<Request<'a>, Fault> {
    let Some(kind) = fields.kind else { return Err(Fault::format("missing field `type`")) };
    let Some(kind) = string(Some(kind)) else { return Err(Fault::format("`type` is a string")) };
    if kind == "ping" {
        return Ok(Request::Ping);
    }
    if let Some(request) = read_component(&kind, fields, component) {
        return request;
    }
    if !matches!(&*kind, "subscribe" | "unsubscribe" | "message") {
        return Err(Fault::message(format!("Unknown message type: {}", shown(&kind))));
    }
    let channel = match (fields.channel, channel) {
        (None, _) => return Err(Fault::format("missing field `channel`")),
        (Some(_), Some(channel)) if is_channel(&channel) => channel,
        _ => return Err(Fault::format("a channel is a path such as /chat/lobby, percent-encoded, without a query")),
    };
    match &*kind {
        "unsubscribe" => Ok(Request::Unsubscribe { channel }),
        "subscribe" => {
            let params: BTreeMap<String, Value> = match fields.params {
                None => BTreeMap::new(),
                Some(params) => match serde_json::from_str::<Option<_>>(params.get()) {
                    Ok(params) => params.unwrap_or_default(),
                    Err(_) => return Err(Fault::format("`params` is an object")),
                },
            };
            if !params.values().all(|value| value.is_string() || value.is_number() || value.is_boolean()) {
                return Err(Fault::format("`params` holds strings, numbers and booleans"));
            }
            Ok(Request::Subscribe { channel, params })
        }
        _ => {
            let Some(data) = fields.data else { return Err(Fault::format("missing field `data`")) };
            let text = match string(Some(data)) {
                Some(text) => text,
                None if data.get().starts_with('"') => return Err(Fault::format("`data` has half a surrogate pair")),
                None => Cow::Borrowed(data.get()),
            };
            Ok(Request::Text { channel, text })
        }
    }
}

fn is_channel(channel: &str) -> bool {
    channel.starts_with('/')
        && channel.len() <= LONGEST_CHANNEL
        && channel.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'?' && byte != b'#')
}

/// What a peer wrote, short enough to be said back.
fn shown(text: &str) -> String {
    text.chars().take(128).collect()
}

/// Reads a binary frame.
pub(crate) fn read_binary(bytes: &[u8]) -> Result<Envelope<'_>, Fault> {
    let (reference, rest) = match bytes {
        [1, rest @ ..] => (None, rest),
        [2, a, b, c, d, rest @ ..] => (Some(u32::from_be_bytes([*a, *b, *c, *d])), rest),
        [2, ..] => return Err(Fault::format("a ref has 4 bytes")),
        _ => return Err(Fault::format("a binary frame begins with 1 or 2")),
    };
    let at = |fault: Fault| Fault { reference, ..fault };
    let [high, low, rest @ ..] = rest else {
        return Err(at(Fault::format("after the ref come 2 bytes for the length of the channel's path")));
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let Some((channel, bytes)) = rest.split_at_checked(length) else {
        return Err(at(Fault::format("the channel's path is shorter than its length says")));
    };
    match core::str::from_utf8(channel) {
        Ok(channel) if is_channel(channel) => Ok(Envelope { reference, request: Request::Binary { channel, bytes } }),
        _ => Err(at(Fault::format("a channel is a path such as /chat/lobby, percent-encoded, without a query"))),
    }
}
