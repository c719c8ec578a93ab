//! One session, as its client knows it.

use crate::codec::{AnswerReader, Reader};
use crate::model::Arrival;
use std::collections::VecDeque;

/// How far a client is with its session.
#[derive(Debug)]
pub(super) enum Talk {
    /// It waits for the answer to its request.
    Asking,
    /// It reads an answer that is no WebSocket: how long its body is, and what there is of it.
    Reading { length: Option<usize>, body: Vec<u8> },
    /// It is connected.
    Open,
    /// It is done with it.
    Over,
}

#[derive(Debug)]
pub(super) struct Visit {
    pub(super) link: usize,
    pub(super) talk: Talk,
    /// The room of its route.
    pub(super) room: Option<u32>,
    /// The key of its handshake; empty where it asks for no WebSocket.
    pub(super) key: String,
    pub(super) answer: AnswerReader,
    pub(super) frames: Reader,
    /// Bytes that it has sent.
    pub(super) sent: u64,
    /// How many of them were handed to the driver.
    pub(super) arrived: u64,
    /// What arrives with which byte.
    pub(super) marks: VecDeque<(u64, Arrival)>,
    /// It has said what it has to say: a close frame, half a message, nonsense.
    pub(super) quiet: bool,
    pub(super) said_close: bool,
    pub(super) heard_close: bool,
}

impl Visit {
    pub(super) fn new(link: usize) -> Visit {
        Visit {
            link,
            talk: Talk::Asking,
            room: None,
            key: String::new(),
            answer: AnswerReader::default(),
            frames: Reader::default(),
            sent: 0,
            arrived: 0,
            marks: VecDeque::new(),
            quiet: false,
            said_close: false,
            heard_close: false,
        }
    }

    /// What arrives when so many more bytes do.
    pub(super) fn arrive(&mut self, bytes: usize) -> Vec<Arrival> {
        self.arrived += bytes as u64;
        let arrived = self.marks.iter().take_while(|(at, _)| *at <= self.arrived).count();
        self.marks.drain(..arrived).map(|(_, arrival)| arrival).collect()
    }
}
