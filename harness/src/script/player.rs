//! Plays a script over whatever carries bytes.

use super::{Heard, Script, ScriptError, Streams, What};
use crate::codec::{
    AnswerReader, CLOSE, FIN, Incoming, PING, PONG, Reader, close_payload, opcode, push_frame, upgrade_request,
};
use lazuli::Kind;
use std::collections::BTreeMap;
use std::io;
use tungstenite::handshake::derive_accept_key;

/// What carries bytes.
pub(super) trait Wire {
    /// One stream to the server.
    type Stream;

    /// Opens a stream.
    fn open(&mut self) -> io::Result<Self::Stream>;

    /// Sends all of these bytes.
    fn send(&mut self, stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<()>;

    /// Waits for bytes and appends them; `false` at the end of the stream. Fails when nothing comes.
    fn read(&mut self, stream: &mut Self::Stream, bytes: &mut Vec<u8>) -> io::Result<bool>;
}

struct Client<S> {
    stream: S,
    frames: Reader,
    /// The number of the latest ping that was answered.
    ponged: u32,
    /// The server has said its last.
    over: bool,
}

struct Player<'w, W: Wire> {
    wire: &'w mut W,
    clients: BTreeMap<usize, Client<W::Stream>>,
    heard: Streams,
    pings: u32,
}

/// Any key will do: the handshake is no secret.
const KEY: &str = "bGF6dWxpIGxhenVsaSBsYQ==";

/// A client has to mask; with what does not matter here.
const MASK: u32 = 0x5bd1_e995;

/// Why a step cannot be played.
struct Trouble(String);

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble(error.to_string())
    }
}

impl From<String> for Trouble {
    fn from(what: String) -> Trouble {
        Trouble(what)
    }
}

/// Plays a script to its end.
pub(super) fn play(script: &Script, wire: &mut impl Wire) -> Result<Streams, ScriptError> {
    let heard = vec![Vec::new(); script.clients()];
    let mut player = Player { wire, clients: BTreeMap::new(), heard, pings: 0 };
    for (number, step) in script.steps.iter().enumerate() {
        let played = player.step(step.client, &step.what).and_then(|()| player.settle());
        played.map_err(|Trouble(what)| ScriptError { step: number, what })?;
    }
    while let Some((&client, _)) = player.clients.first_key_value() {
        let played = player.step(client, &What::Close(1000, String::new())).and_then(|()| player.settle());
        played.map_err(|Trouble(what)| ScriptError { step: script.steps.len(), what })?;
    }
    Ok(player.heard)
}

impl<W: Wire> Player<'_, W> {
    fn step(&mut self, client: usize, what: &What) -> Result<(), Trouble> {
        match what {
            What::Connect(target) => return self.connect(client, target),
            What::Text(text) => self.send(client, opcode(Kind::Text), text.as_bytes())?,
            What::Binary(bytes) => self.send(client, opcode(Kind::Binary), bytes)?,
            What::Close(code, reason) => {
                self.send(client, CLOSE, &close_payload(Some(*code), reason))?;
                self.hear_until(client, |client| client.over)?;
            }
        }
        Ok(())
    }

    fn connect(&mut self, number: usize, target: &str) -> Result<(), Trouble> {
        if self.clients.contains_key(&number) {
            return Err(Trouble(format!("client {number} is connected")));
        }
        let mut stream = self.wire.open()?;
        self.wire.send(&mut stream, &upgrade_request(target, "localhost", KEY))?;
        let mut reader = AnswerReader::default();
        let (answer, rest) = loop {
            let mut bytes = Vec::new();
            let more = self.wire.read(&mut stream, &mut bytes)?;
            match reader.feed(&bytes)? {
                Some(whole) => break whole,
                None if more => {}
                None => return Err(Trouble(format!("client {number} was not answered"))),
            }
        };
        if answer.status != 101 {
            self.heard[number].push(Heard::Refused(answer.status));
            return Ok(());
        }
        if answer.headers.get("sec-websocket-accept") != Some(&derive_accept_key(KEY.as_bytes())) {
            return Err(Trouble(format!("client {number} got a wrong accept key: {answer:?}")));
        }
        self.heard[number].push(Heard::Opened);
        let mut client = Client { stream, frames: Reader::default(), ponged: 0, over: false };
        client.frames.feed(&rest);
        self.clients.insert(number, client);
        self.hear(number)
    }

    fn send(&mut self, number: usize, opcode: u8, payload: &[u8]) -> Result<(), Trouble> {
        let Some(client) = self.clients.get_mut(&number) else {
            return Err(Trouble(format!("client {number} is not connected")));
        };
        let mut bytes = Vec::new();
        push_frame(&mut bytes, FIN | opcode, MASK, payload);
        Ok(self.wire.send(&mut client.stream, &bytes)?)
    }

    /// Waits until everything that follows from the last step has come.
    ///
    /// Once the pong to a ping is here, the server has handled what was sent before it. What it has sent to others by
    /// then may still wait in front of a second pong of theirs, though not behind it.
    fn settle(&mut self) -> Result<(), Trouble> {
        for _ in 0..2 {
            for number in self.clients.keys().copied().collect::<Vec<_>>() {
                self.pings += 1;
                let ping = self.pings;
                self.send(number, PING, &ping.to_be_bytes())?;
                self.hear_until(number, |client| client.ponged == ping || client.over)?;
            }
        }
        Ok(())
    }

    /// Reads until `enough`; a client that is through is put away.
    fn hear_until(&mut self, number: usize, enough: impl Fn(&Client<W::Stream>) -> bool) -> Result<(), Trouble> {
        loop {
            self.hear(number)?;
            let Some(client) = self.clients.get_mut(&number) else { return Ok(()) };
            if enough(client) {
                break;
            }
            let mut bytes = Vec::new();
            if !self.wire.read(&mut client.stream, &mut bytes)? {
                self.heard[number].push(Heard::Lost);
                client.over = true;
                break;
            }
            client.frames.feed(&bytes);
        }
        if self.clients.get(&number).is_some_and(|client| client.over) {
            self.put_away(number)?;
        }
        Ok(())
    }

    /// Takes down what has come.
    fn hear(&mut self, number: usize) -> Result<(), Trouble> {
        let Some(client) = self.clients.get_mut(&number) else { return Ok(()) };
        let heard = &mut self.heard[number];
        let mut answer = Vec::new();
        while let Some(incoming) = client.frames.next()? {
            match incoming {
                Incoming::Text(text) => heard.push(Heard::Text(text.to_owned())),
                Incoming::Binary(bytes) => heard.push(Heard::Binary(bytes.to_vec())),
                Incoming::Ping(bytes) => push_frame(&mut answer, FIN | PONG, MASK, bytes),
                Incoming::Pong(bytes) => client.ponged = bytes.try_into().map_or(0, u32::from_be_bytes),
                Incoming::Close(code, reason) => {
                    heard.push(Heard::Closed { code, reason: reason.to_owned() });
                    push_frame(&mut answer, FIN | CLOSE, MASK, &close_payload(code, ""));
                    client.over = true;
                }
            }
        }
        if answer.is_empty() {
            return Ok(());
        }
        let sent = self.wire.send(&mut client.stream, &answer);
        // A server that has closed may be gone before it is answered.
        if client.over { Ok(()) } else { Ok(sent?) }
    }

    /// Reads the end of the stream, and closes it.
    fn put_away(&mut self, number: usize) -> Result<(), Trouble> {
        let Some(mut client) = self.clients.remove(&number) else { return Ok(()) };
        let mut rest = Vec::new();
        // A reset is an end as well.
        while self.wire.read(&mut client.stream, &mut rest).unwrap_or(false) {}
        if rest.is_empty() { Ok(()) } else { Err(Trouble(format!("client {number} read on after the close frame"))) }
    }
}
