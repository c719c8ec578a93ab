//! What comes to a component: events of its page, and messages of rooms.

use super::loose::Loose;
use crate::error::{Error, Result};
use crate::input::Message;
use crate::json;
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use core::str::FromStr;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, VariantAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Something that happened in the page: a click, a key, an input. A peer can send any name with any data.
///
/// ```
/// use lazuli::Event;
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize, PartialEq)]
/// #[serde(rename_all = "snake_case")]
/// enum Said {
///     Clear,
///     Add { title: String },
///     Toggle { id: u64 },
/// }
///
/// let event = Event::new("add", r#"{"title":"milk"}"#);
/// assert_eq!(event.get("title").as_deref(), Some("milk"));
/// assert_eq!(event.parse::<Said>().unwrap(), Said::Add { title: "milk".into() });
/// assert_eq!(Event::new("clear", "{}").parse::<Said>().unwrap(), Said::Clear);
/// // What `data-id=(id)` says is text.
/// assert_eq!(Event::new("toggle", r#"{"id":"7"}"#).parse::<Said>().unwrap(), Said::Toggle { id: 7 });
///
/// let said = |name, data| Event::new(name, data).parse::<Said>().unwrap_err().message().to_owned();
/// assert_eq!(said("sing", "{}"), "Unknown event: sing");
/// assert_eq!(said("add", "{}"), "Invalid message format: missing field `title`");
/// assert_eq!(
///     said("add", r#"{"title":5}"#),
///     "Invalid message format: `title`: invalid type: integer `5`, expected a string",
/// );
/// assert_eq!(
///     said("toggle", r#"{"id":"x"}"#),
///     "Invalid message format: `id`: invalid type: string \"x\", expected u64",
/// );
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Event<'e> {
    name: &'e str,
    data: &'e str,
    is_from_page: bool,
}

impl<'e> Event<'e> {
    /// An event with data, which have to be JSON: what a test hands to a component.
    ///
    /// ```
    /// let event = lazuli::Event::new("key", r#"{"key":"Enter"}"#);
    /// assert_eq!((event.name(), event.data()), ("key", r#"{"key":"Enter"}"#));
    /// ```
    pub fn new(name: &'e str, data: &'e str) -> Event<'e> {
        Event { name, data, is_from_page: false }
    }

    pub(crate) fn from_page(name: &'e str, data: &'e str) -> Event<'e> {
        Event { name, data, is_from_page: true }
    }

    /// Its name, as `on:click="name"` has it.
    pub fn name(&self) -> &'e str {
        self.name
    }

    /// What came with it, as JSON; `null` if nothing did.
    pub fn data(&self) -> &'e str {
        self.data
    }

    /// Whether another component of the same page sent it ([`Context::to_page`](crate::Context::to_page)), and not the browser.
    ///
    /// ```
    /// # use lazuli::{Context, Event, Result};
    /// fn on_event(total: &mut u32, _: &mut Context, event: &Event) -> Result {
    ///     match event.name() {
    ///         // A browser may say this as well, and is not believed.
    ///         "added" if event.is_from_component() => *total += 1,
    ///         _ => return Err(event.unknown()),
    ///     }
    ///     Ok(())
    /// }
    /// # assert_eq!(Event::new("added", "{}").is_from_component(), false);
    /// ```
    pub fn is_from_component(&self) -> bool {
        self.is_from_page
    }

    /// A field of the data as text: of a string its content, of a number or truth value what it looks like. `None` if there
    /// is none, or another thing.
    ///
    /// ```
    /// use lazuli::Event;
    ///
    /// let event = Event::new("save", r#"{"id":7,"title":"milk","done":true,"tags":[]}"#);
    /// assert_eq!(event.get("title").as_deref(), Some("milk"));
    /// assert_eq!(event.get("id").as_deref(), Some("7"));
    /// assert_eq!(event.get("done").as_deref(), Some("true"));
    /// assert_eq!((event.get("tags"), event.get("none")), (None, None));
    /// ```
    pub fn get(&self, field: &str) -> Option<Cow<'e, str>> {
        let fields: BTreeMap<Cow<'e, str>, &'e RawValue> = serde_json::from_str(self.data).ok()?;
        let value = fields.get(field)?.get();
        match value.as_bytes().first()? {
            b'"' => serde_json::from_str::<Text<'e>>(value).ok().map(|text| text.0),
            b'{' | b'[' | b'n' => None,
            _ => Some(Cow::Borrowed(value)),
        }
    }

    /// A field of the data as a number, whether it came as one or, as from an input, as text: `3`, `"3"`, `" 3 "`.
    ///
    /// ```
    /// use lazuli::Event;
    ///
    /// assert_eq!(Event::new("set", r#"{"value":" 3 "}"#).number::<u32>("value"), Some(3));
    /// assert_eq!(Event::new("set", r#"{"value":3}"#).number::<u32>("value"), Some(3));
    /// assert_eq!(Event::new("set", r#"{"value":"-3"}"#).number::<u32>("value"), None);
    /// ```
    pub fn number<T: FromStr>(&self, field: &str) -> Option<T> {
        self.get(field)?.trim().parse().ok()
    }

    /// The data as a type. A number or a truth value may also come as text, as in [`Event::number`]: what `data-…` attributes and form fields hold
    /// is text. (But not where serde looks at the data before it knows their type, as for `#[serde(flatten)]` and untagged enums.)
    ///
    /// ```
    /// #[derive(serde::Deserialize)]
    /// struct Submitted { fields: Fields }
    /// #[derive(serde::Deserialize)]
    /// struct Fields { name: String }
    ///
    /// let event = lazuli::Event::new("submit", r#"{"fields":{"name":"Ada"}}"#);
    /// assert_eq!(event.read::<Submitted>().unwrap().fields.name, "Ada");
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Moved { id: u64, by: f32, smoothly: bool }
    ///
    /// let event = lazuli::Event::new("move", r#"{"id":"7","by":"-1.5","smoothly":"true"}"#);
    /// let Moved { id, by, smoothly } = event.read().unwrap();
    /// assert_eq!((id, by, smoothly), (7, -1.5, true));
    /// ```
    ///
    /// # Errors
    /// "Invalid message format: …", as [`json::parse`].
    pub fn read<T: Deserialize<'e>>(&self) -> Result<T> {
        let mut content = serde_json::Deserializer::from_str(self.data);
        let read = T::deserialize(Loose(&mut content)).and_then(|read| content.end().map(|()| read));
        read.map_err(|error| match serde_json::from_str(self.data) {
            Ok(Value::Object(fields)) => {
                let complaint = |fields| T::deserialize(Loose(Value::Object(fields))).err();
                wrong(&error, Some(fields), complaint)
            }
            // It is something else altogether.
            _ => json::fault::<T>(self.data, ""),
        })
    }

    /// The event as one of an enum's: its name chooses the variant, and its data are the variant's content, which a variant
    /// without content leaves aside. Numbers and truth values may come as text, as in [`Event::read`].
    ///
    /// # Errors
    /// "Unknown event: …" (code `UNKNOWN_EVENT`) where no variant has its name, "Invalid message format: …" where the data are
    /// not the variant's.
    pub fn parse<T: Deserialize<'e>>(&self) -> Result<T> {
        let mut content = serde_json::Deserializer::from_str(self.data);
        T::deserialize(Named { name: self.name, content: Loose(&mut content) }).map_err(|error| self.fault::<T>(&error))
    }

    fn fault<T: Deserialize<'e>>(&self, error: &serde_json::Error) -> Error {
        let said = error.to_string();
        if said.starts_with(&format!("unknown variant `{}`", self.name)) {
            return self.unknown();
        }
        let complaint = |fields| {
            let named = Named { name: self.name, content: Loose(Value::Object(fields)) };
            T::deserialize(named).err()
        };
        wrong(error, serde_json::from_str(self.data).ok(), complaint)
    }

    /// The error for an event that the component does not know.
    ///
    /// ```
    /// let error = lazuli::Event::new("sing", "{}").unknown();
    /// assert_eq!((error.message(), error.code()), ("Unknown event: sing", Some("UNKNOWN_EVENT")));
    /// ```
    pub fn unknown(&self) -> Error {
        let shown: String = self.name.chars().take(128).collect();
        Error::reply(format!("Unknown event: {shown}")).with_code("UNKNOWN_EVENT")
    }
}

/// What is wrong with data: with one of its fields, if it can be told which.
fn wrong(
    error: &serde_json::Error,
    fields: Option<Map<String, Value>>,
    complaint: impl Fn(Map<String, Value>) -> Option<serde_json::Error>,
) -> Error {
    let said = error.to_string();
    let said = json::without_place(&said);
    let complaint = |fields| complaint(fields).map(|error| error.to_string());
    match fields.and_then(|fields| json::culprit(&fields, "", said, complaint)) {
        Some(field) => Error::reply(format!("Invalid message format: `{field}`: {said}")),
        None => Error::reply(format!("Invalid message format: {said}")),
    }
}

/// A string that borrows where it can.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// An enum whose variant is chosen by a name, and filled from its content.
struct Named<'e, D> {
    name: &'e str,
    content: D,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Named<'de, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, D: Deserializer<'de>> EnumAccess<'de> for Named<'de, D> {
    type Error = D::Error;
    type Variant = Content<D>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<D>), Self::Error> {
        let name = seed.deserialize(BorrowedStrDeserializer::new(self.name))?;
        Ok((name, Content(self.content)))
    }
}

struct Content<D>(D);

impl<'de, D: Deserializer<'de>> VariantAccess<'de> for Content<D> {
    type Error = D::Error;

    fn unit_variant(self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Self::Error> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Self::Error> {
        self.0.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_struct("", fields, visitor)
    }
}

/// Something that was sent to a room of a component, or to the component itself.
///
/// ```
/// use lazuli::{ChannelMessage, Message};
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize, PartialEq)]
/// #[serde(tag = "type", rename_all = "snake_case")]
/// enum Heard {
///     Said { text: String },
///     Left,
/// }
///
/// let message = Message::Text(r#"{"type":"said","text":"hello"}"#);
/// let message = ChannelMessage { room: Some("lobby"), message };
/// assert_eq!(message.read::<Heard>().unwrap(), Heard::Said { text: "hello".into() });
/// assert!(message.text().is_some_and(|text| text.contains("hello")));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ChannelMessage<'m> {
    /// The room; `None` for what was sent to the component's own connection, to its user, or to all.
    pub room: Option<&'m str>,
    /// What was sent.
    pub message: Message<'m>,
}

impl<'m> ChannelMessage<'m> {
    /// The text, unless it is binary.
    pub fn text(&self) -> Option<&'m str> {
        match self.message {
            Message::Text(text) => Some(text),
            Message::Binary(_) => None,
        }
    }

    /// The message as a type, which is tagged by `type` if there are several; see [`json::parse`].
    ///
    /// # Errors
    /// As [`json::parse`]; binary messages are no JSON.
    pub fn read<T: Deserialize<'m>>(&self) -> Result<T> {
        match self.message {
            Message::Text(text) => json::parse(text),
            Message::Binary(_) => Err(Error::reply("Invalid JSON format").with_code("INVALID_JSON")),
        }
    }
}
