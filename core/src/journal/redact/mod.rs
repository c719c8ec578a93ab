//! Payloads as something else of the same length: a journal that may be shown to others.

mod frames;
mod head;
mod text;

use crate::backplane::{Publication, Shown, Whom};
use crate::driver::LinkId;
use crate::frame::{Frame, Kind};
use crate::input::Command;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use frames::Frames;
use head::{After, Head};
use text::Text;

/// What a redacted journal shows; see [`Journal::redacted`](super::Journal::redacted).
///
/// What peers sent becomes something else of the same length, so that it is framed, routed and limited as before: letters
/// become `A`, digits `1`, other characters one of as many bytes, binary data zeros. What stays:
/// - of JSON its shape, the names of fields, `true`, `false` and `null`, and the values of these fields: `type`, `event`,
///   `channel`, `ref`, `component_id`, and those of [`Redaction::keep`];
/// - of other text spaces and `-_.:/@,+`;
/// - of requests the path, the names of query parameters, headers and cookies, and the headers that say how to go on: `Host`,
///   `Origin`, `Upgrade`, `Connection`, `Content-Length`, `Content-Type` and the like, `Sec-WebSocket-Key`; of the offered
///   subprotocols those that a route knows;
/// - names of rooms and users in sends from outside, in presence and on the backplane;
/// - when it was, how long it was, and from how many addresses it came (as others, numbered);
/// - [`Config::seed`](crate::Config::seed): whoever has the journal can work out again what `Context::random` has given, tokens made of it too.
///
/// An event of the application is written as the application says. A secret in a path or in the name of a field is not found.
///
/// Where a handler asks for more than that, a replay goes another way, and says at which turn first: a token is not
/// good any more, a command that is told by its first word is unknown, a component is not mounted. [`Redaction::keep`] helps, or
/// a journal that has everything.
///
/// ```
/// use lazuli::driver::{Driver, Settings};
/// use lazuli::journal::{Entry, Journal, Reader, Redaction};
/// use lazuli::{Config, Hub, Routes, Time};
/// # #[derive(Clone, Default)]
/// # struct File(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
/// # impl std::io::Write for File {
/// #     fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> { self.0.lock().unwrap().write(bytes) }
/// #     fn flush(&mut self) -> std::io::Result<()> { Ok(()) }
/// # }
/// # let (file, written) = { let file = File::default(); (file.clone(), file.0) };
///
/// let hub: Hub = Hub::new(Config::default(), Routes::new(), ());
/// let journal = Journal::to(file).redacted(Redaction::default());
/// let mut driver = Driver::recorded(hub, Settings::default(), journal);
/// let link = driver.accept(Time::ZERO, None).expect("room for a link");
/// driver.receive(Time::ZERO, link, b"GET /orders?token=hunter2 HTTP/1.1\r\nCookie: id=7-seven");
///
/// # let bytes = written.lock().unwrap().clone();
/// let last = Reader::new(&bytes)?.entries().last().expect("entries")?;
/// let Entry::Received { bytes, .. } = last.entry else { panic!("{last:?}") };
/// assert_eq!(bytes, b"GET /orders?token=AAAAAAA HTTP/1.1\r\nCookie: id=AAAAAAA");
/// # Ok::<(), lazuli::journal::Unreadable>(())
/// ```
#[derive(Clone, Debug)]
pub struct Redaction {
    keep: Vec<String>,
}

impl Default for Redaction {
    fn default() -> Self {
        Redaction { keep: ["type", "event", "channel", "ref", "component_id"].map(String::from).into() }
    }
}

impl Redaction {
    /// Keeps the values of these fields of JSON, wherever they are, as long as they are no objects or arrays.
    #[must_use]
    pub fn keep<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.keep.extend(fields.into_iter().map(Into::into));
        self
    }
}

/// Follows what each link receives.
pub(super) struct Redactor {
    keep: Vec<String>,
    /// The subprotocols that routes know.
    protocols: Vec<String>,
    /// By [`LinkId::index`].
    links: Vec<Option<(LinkId, Box<Stage>)>>,
    addresses: BTreeMap<IpAddr, u32>,
}

/// How far a link is.
enum Stage {
    Head(Head),
    Frames(Frames),
    Body(Text),
}

impl Redactor {
    pub(super) fn new(redaction: Redaction, protocols: Vec<String>) -> Redactor {
        Redactor { keep: redaction.keep, protocols, links: Vec::new(), addresses: BTreeMap::new() }
    }

    /// The same address is the same again; of IPv6 that is a network, as for [limits](crate::Config::per_address).
    pub(super) fn peer(&mut self, peer: SocketAddr) -> SocketAddr {
        let whose = match peer.ip().to_canonical() {
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
            v4 => v4,
        };
        let next = self.addresses.len() as u32;
        let number = *self.addresses.entry(whose).or_insert(next);
        let ip = match whose {
            IpAddr::V4(_) => Ipv4Addr::from_bits(10 << 24 | number & 0x00ff_ffff).into(),
            IpAddr::V6(_) => Ipv6Addr::from_bits(0xfd << 120 | u128::from(number) << 64 | 1).into(),
        };
        SocketAddr::new(ip, peer.port())
    }

    /// Redacts what a link received, in place.
    pub(super) fn received(&mut self, link: LinkId, mut bytes: &mut [u8]) {
        let index = link.index();
        if self.links.len() <= index {
            self.links.resize_with(index + 1, || None);
        }
        let place = &mut self.links[index];
        if place.as_ref().is_none_or(|(known, _)| *known != link) {
            *place = Some((link, Box::new(Stage::Head(Head::new()))));
        }
        let Some((_, stage)) = place else { return };
        while !bytes.is_empty() {
            match &mut **stage {
                Stage::Head(head) => {
                    let (used, after) = head.redact(bytes, &self.protocols);
                    match after {
                        Some(After::Frames) => **stage = Stage::Frames(Frames::new()),
                        Some(After::Body) => **stage = Stage::Body(Text::new()),
                        None => {}
                    }
                    bytes = &mut bytes[used..];
                }
                Stage::Frames(frames) => return frames.redact(bytes, &self.keep),
                Stage::Body(text) => return text.redact(bytes, &self.keep),
            }
        }
    }

    /// What a handle sends.
    pub(super) fn command(&self, command: &Command) -> Command {
        let mut command = command.clone();
        match &mut command {
            Command::Send { frame, .. } => {
                *frame = Frame::new(frame.kind(), &self.payload(frame.kind(), frame.payload()));
            }
            Command::CloseUser { reason, .. } | Command::Close { reason, .. } => *reason = self.text(reason),
        }
        command
    }

    /// What a hub has published.
    pub(super) fn publication(&self, message: &[u8]) -> Vec<u8> {
        let Some(mut publication) = Publication::decode(message) else { return alloc::vec![0; message.len()] };
        // A reason for a close is binary by its kind, and text.
        let kind = if matches!(publication.whom, Whom::Close { .. }) { Kind::Text } else { publication.kind };
        let payload = self.payload(kind, publication.payload);
        publication.payload = &payload;
        if let Whom::Shown(Shown { users, .. }) = &mut publication.whom {
            let metas = users.iter_mut().flat_map(|(_, metas)| metas);
            metas.for_each(|meta| *meta = Arc::from(self.text(meta)));
        }
        publication.encode()
    }

    fn payload(&self, kind: Kind, payload: &[u8]) -> Vec<u8> {
        let mut bytes = payload.to_vec();
        match kind {
            Kind::Text => Text::new().redact(&mut bytes, &self.keep),
            Kind::Binary | Kind::Ping => bytes.fill(0),
        }
        bytes
    }

    fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.payload(Kind::Text, text.as_bytes())).into_owned()
    }
}
