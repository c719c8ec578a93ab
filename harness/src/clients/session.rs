//! What is known of a session of a client: how far it has said what it says.

use crate::model::Arrival;
use std::collections::VecDeque;

#[derive(Debug, Default)]
pub(crate) struct Session {
    /// The room of its route.
    pub(super) room: Option<u32>,
    /// The key of its handshake; empty where it asks for no WebSocket.
    pub(super) key: String,
    /// Bytes that it has sent.
    pub(super) sent: u64,
    /// How many of them were handed to the driver.
    pub(super) arrived: u64,
    /// What arrives with which byte.
    pub(super) marks: VecDeque<(u64, Arrival)>,
    pub(super) said_close: bool,
    pub(super) heard_close: bool,
}

impl Session {
    /// What arrives when so many more bytes do.
    pub(super) fn arrive(&mut self, bytes: usize) -> Vec<Arrival> {
        self.arrived += bytes as u64;
        let arrived = self.marks.iter().take_while(|(at, _)| *at <= self.arrived).count();
        self.marks.drain(..arrived).map(|(_, arrival)| arrival).collect()
    }
}
