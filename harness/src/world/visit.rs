//! One session, as its client knows it.

use crate::codec::{AnswerReader, Reader};

/// How far a client is with its session.
#[derive(Debug)]
pub(crate) enum Talk {
    /// It waits for the answer to its request.
    Asking,
    /// It reads an answer that is no WebSocket: how long its body is, and what there is of it.
    Reading { length: Option<usize>, body: Vec<u8> },
    /// It is connected.
    Open,
    /// It is done with it.
    Over,
}

/// A request, and what comes of it. `own` is what its [`Crowd`](super::Crowd) knows besides.
#[derive(Debug)]
pub(crate) struct Visit<T> {
    pub(crate) link: usize,
    pub(crate) talk: Talk,
    pub(crate) answer: AnswerReader,
    pub(crate) frames: Reader,
    /// It has said what it has to say: a close frame, half a message, nonsense.
    pub(crate) is_quiet: bool,
    pub(crate) own: T,
}

impl<T> Visit<T> {
    pub(super) fn new(link: usize, own: T) -> Visit<T> {
        let (answer, frames) = (AnswerReader::default(), Reader::default());
        Visit { link, talk: Talk::Asking, answer, frames, is_quiet: false, own }
    }
}
