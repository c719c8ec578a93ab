//! The client's side of the WebSocket protocol, as bytes: what a client writes and how it reads what a server wrote.
//!
//! It is small, shares no code with the server, and draws nothing at random: masks come from the caller.

mod frames;
mod http;
mod reader;

pub(crate) use frames::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, close_payload, opcode, push_frame};
pub(crate) use http::{Answer, AnswerReader, upgrade_request};
pub(crate) use reader::{Incoming, Reader};

#[cfg(test)]
mod tests;
