//! The hub of a site, whatever its application.

use lazuli::log::Record;
use lazuli::{App, Cause, ConnId, Frame, Hub, Input, Kind, Message, Output, Preview, Refused, Request, Response, Time};

/// What the server has for somebody.
pub(super) enum Heard {
    Frame(ConnId, Frame),
    Closed(ConnId, u16, String),
    Log(Record),
}

pub(super) trait Server {
    fn respond(&mut self, now: Time, request: Request) -> Response;
    fn open(&mut self, now: Time, request: Request) -> Result<ConnId, Refused>;
    fn message(&mut self, now: Time, conn: ConnId, message: Message<'_>);
    /// The peer has closed its connection, with a code or by getting lost.
    fn close(&mut self, now: Time, conn: ConnId, code: Option<u16>);
    fn timeout(&mut self, now: Time);
    fn next_timeout(&self) -> Option<Time>;
    fn preview(&mut self, conn: ConnId, component: u32) -> Option<Preview>;
    /// All that the hub asks for. Everything is written at once.
    fn drain(&mut self, now: Time) -> Vec<Heard>;
}

pub(super) struct Served<A: App> {
    pub(super) hub: Hub<A>,
    pub(super) effects: Vec<A::Effect>,
    /// Connections that were closed because a message was too large.
    pub(super) refused: Vec<ConnId>,
}

/// What a transport closes with.
const TOO_LARGE: (u16, &str) = (1009, "message too big");

impl<A: App> Server for Served<A> {
    fn respond(&mut self, now: Time, request: Request) -> Response {
        self.hub.respond(now, request)
    }

    fn open(&mut self, now: Time, request: Request) -> Result<ConnId, Refused> {
        let conn = self.hub.open(now, request)?;
        self.hub.handle(now, Input::Opened { conn });
        Ok(conn)
    }

    fn message(&mut self, now: Time, conn: ConnId, message: Message<'_>) {
        let frames = &self.hub.limits(conn).frames;
        let fits = match message {
            Message::Text(text) => text.len() <= frames.text,
            Message::Binary(bytes) => bytes.len() <= frames.binary,
        };
        if fits {
            return self.hub.handle(now, Input::Message { conn, message });
        }
        let (code, reason) = TOO_LARGE;
        self.hub.handle(now, Input::Closed { conn, cause: Cause::Violation { code, reason } });
        self.refused.push(conn);
    }

    fn close(&mut self, now: Time, conn: ConnId, code: Option<u16>) {
        match code {
            Some(_) => self.hub.handle(now, Input::Ended { conn, code, reason: "" }),
            None => self.hub.handle(now, Input::Closed { conn, cause: Cause::Lost }),
        }
    }

    fn timeout(&mut self, now: Time) {
        self.hub.handle_timeout(now);
    }

    fn next_timeout(&self) -> Option<Time> {
        self.hub.poll_timeout()
    }

    fn preview(&mut self, conn: ConnId, component: u32) -> Option<Preview> {
        self.hub.preview(conn, component)
    }

    fn drain(&mut self, now: Time) -> Vec<Heard> {
        let refused = std::mem::take(&mut self.refused).into_iter();
        let mut heard: Vec<Heard> =
            refused.map(|conn| Heard::Closed(conn, TOO_LARGE.0, TOO_LARGE.1.to_owned())).collect();
        loop {
            let (mut written, mut pinged, mut closed) = (Vec::new(), Vec::new(), Vec::new());
            while let Some(output) = self.hub.poll_output() {
                match output {
                    Output::Send { to, frame } => {
                        for conn in to {
                            written.push((*conn, frame.wire().len() as u32));
                            match frame.kind() {
                                Kind::Ping => pinged.push((*conn, frame.payload().to_vec())),
                                _ => heard.push(Heard::Frame(*conn, frame.clone())),
                            }
                        }
                    }
                    Output::Close { conn, code, reason, .. } => {
                        heard.push(Heard::Closed(conn, code, reason.to_owned()));
                        closed.push(conn);
                    }
                    Output::App(effect) => self.effects.push(effect),
                    Output::Log(record) => heard.push(Heard::Log(record)),
                    _ => {}
                }
            }
            if written.is_empty() && closed.is_empty() {
                return heard;
            }
            self.hub.handle(now, Input::Sent(&written));
            for (conn, bytes) in pinged {
                self.hub.handle(now, Input::Pong { conn, bytes: &bytes });
            }
            for conn in closed {
                self.hub.handle(now, Input::Closed { conn, cause: Cause::Done });
            }
        }
    }
}
