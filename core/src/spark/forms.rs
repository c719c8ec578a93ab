//! How a channel's messages are put into frames: raw on a socket of its own, named by the channel's path over Spark.

use crate::canary::{Canary, is_planted};
use crate::frame::{Frame, Kind, Pool};
use crate::json;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use serde::de::IgnoredAny;
use slab::Slab;

/// One way to put a message into a frame: raw, or named by one channel path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Form(pub(crate) u32);

impl Form {
    pub(crate) const RAW: Form = Form(0);
    /// Not put into frames at all: it comes to a component.
    pub(crate) const COMPONENT: Form = Form(u32::MAX);
}

/// The forms in use: one for each path that somebody is subscribed to.
#[derive(Debug, Default)]
pub(crate) struct Forms {
    ids: BTreeMap<Arc<str>, Form>,
    paths: Slab<Path>,
}

#[derive(Debug)]
struct Path {
    path: Arc<str>,
    /// What comes before the data of a text message.
    text: Vec<u8>,
    /// What comes before a binary message.
    binary: Vec<u8>,
    subscriptions: u32,
}

impl Forms {
    /// The form of a path; each call has to be paired with a [`Forms::release`].
    pub(crate) fn acquire(&mut self, path: &str) -> Form {
        if let Some(&form) = self.ids.get(path) {
            if let Some(found) = self.get_mut(form)
                && !is_planted(Canary::LostForm)
            {
                found.subscriptions += 1;
            }
            return form;
        }
        let name: Arc<str> = path.into();
        let mut text = br#"{"type":"message","channel":"#.to_vec();
        // A string is always JSON.
        let _ = json::write(path, &mut text);
        text.extend_from_slice(br#","data":"#);
        let mut binary = alloc::vec![1];
        binary.extend_from_slice(&u16::try_from(path.len()).unwrap_or(u16::MAX).to_be_bytes());
        binary.extend_from_slice(path.as_bytes());
        let entry = Path { path: name.clone(), text, binary, subscriptions: 1 };
        let form = Form(self.paths.insert(entry) as u32 + 1);
        self.ids.insert(name, form);
        form
    }

    /// One subscription less; without any, the form is forgotten.
    pub(crate) fn release(&mut self, form: Form) {
        let Some(found) = self.get_mut(form) else { return };
        found.subscriptions -= 1;
        if found.subscriptions == 0 {
            let path = self.paths.remove(form.0 as usize - 1);
            self.ids.remove(&path.path);
        }
    }

    fn get_mut(&mut self, form: Form) -> Option<&mut Path> {
        self.paths.get_mut((form.0 as usize).checked_sub(1)?)
    }

    fn get(&self, form: Form) -> Option<&Path> {
        self.paths.get((form.0 as usize).checked_sub(1)?)
    }

    /// The path of a form; the raw one has none.
    pub(crate) fn path(&self, form: Form) -> Option<&Arc<str>> {
        self.get(form).map(|found| &found.path)
    }

    /// A frame of a channel's own, in this form. A ping is the socket's, whatever the channel.
    pub(crate) fn wrap(&self, pool: &mut Pool, form: Form, frame: &Frame) -> Frame {
        let Some(path) = self.get(form) else { return frame.clone() };
        let payload = frame.payload();
        let wrapped = match frame.kind() {
            Kind::Ping => return frame.clone(),
            Kind::Binary => pool.encode(Kind::Binary, |bytes| {
                bytes.extend_from_slice(&path.binary);
                bytes.extend_from_slice(payload);
                Ok(())
            }),
            Kind::Text => pool.encode(Kind::Text, |bytes| {
                bytes.extend_from_slice(&path.text);
                write_data(payload, frame.is_json(), bytes)?;
                bytes.push(b'}');
                Ok::<_, serde_json::Error>(())
            }),
        };
        wrapped.unwrap_or_else(|_| frame.clone())
    }
}

/// A text as a value in JSON: an object or array as it stands, anything else as a string.
fn write_data(text: &[u8], known: bool, bytes: &mut Vec<u8>) -> serde_json::Result<()> {
    let text = core::str::from_utf8(text).unwrap_or_default();
    if known && text.starts_with(['{', '[']) || is_container(text) {
        bytes.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    json::write(text, bytes)
}

/// Whether a text is a JSON object or array.
fn is_container(text: &str) -> bool {
    text.trim_ascii_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}
