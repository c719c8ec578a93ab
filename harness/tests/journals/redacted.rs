//! Journals that may be shown to others.

use super::file::{assert_same, journal, read_event};
use super::lab::{self, Lab, Start, Wish};
use lazuli::journal::{Journal, Reader, Redaction};
use lazuli_harness::journal::{Memory, Replay, tell_journal};
use std::io::{Read, Write};
use std::net::TcpStream;
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, client};

/// What must not be found anywhere.
const SECRETS: [&str; 9] = [
    "q-hunter2",
    "c-hunter2",
    "a-hunter2",
    "b-hunter2",
    "t-hunter2",
    "f-hunter2",
    "h-hunter2",
    "r-hunter2",
    "j-hunter2",
];

/// Sends a secret wherever one can be. `said` is what the room is told.
fn tell_secrets(start: Start, journal: Journal<Lab>) {
    let mut server = start(Wish { journal: Some(journal), ..Wish::default() });
    let addr = server.addr;
    let mut request = format!("ws://{addr}/room/x?token=q-hunter2").into_client_request().expect("a URL");
    let headers = request.headers_mut();
    headers.insert("cookie", "token=c-hunter2; other=c-hunter2".parse().expect("a value"));
    headers.insert("authorization", "Bearer a-hunter2".parse().expect("a value"));
    headers.insert("sec-websocket-protocol", "bearer.b-hunter2".parse().expect("a value"));
    let stream = TcpStream::connect(addr).expect("the server accepts");
    let mut socket = match client(request, stream) {
        Ok((socket, _)) => socket,
        // No subprotocol was chosen, which a client may not like; then one without.
        Err(_) => {
            let mut plain = format!("ws://{addr}/room/x?token=q-hunter2").into_client_request().expect("a URL");
            plain.headers_mut().insert("cookie", "token=c-hunter2".parse().expect("a value"));
            client(plain, TcpStream::connect(addr).expect("the server accepts")).expect("the upgrade").0
        }
    };
    let mut said = |message: Message, answers: usize| {
        socket.send(message).expect("the server reads");
        for _ in 0..answers {
            socket.read().expect("an answer");
        }
    };
    said(Message::text("t-hunter2"), 2);
    said(Message::text(r#"{"type":"login","password":"j-hunter2","n":[1,true]}"#), 1);
    said(Message::binary(b"f-hunter2".to_vec()), 1);
    said(Message::text("x".repeat(300) + "t-hunter2"), 1);
    server.handle.to_room("x").text("h-hunter2");
    said(Message::Ping(b"f-hunter2".to_vec().into()), 2);
    let mut stream = TcpStream::connect(addr).expect("the server accepts");
    let request =
        "POST /tell/x?key=q-hunter2 HTTP/1.1\r\nHost: a\r\nX-Key: a-hunter2\r\nContent-Length: 9\r\n\r\nt-hunter2";
    stream.write_all(request.as_bytes()).expect("it reads");
    stream.read_to_end(&mut Vec::new()).expect("the server answers and closes");
    server.handle.close_user("nobody", 4000, "r-hunter2");
    socket.read().expect("what the page told");
    socket
        .close(Some(tungstenite::protocol::CloseFrame { code: 4000.into(), reason: "r-hunter2".into() }))
        .expect("it goes");
    while socket.read().is_ok() {}
    server.stop();
}

fn contains(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

/// The texts of a journal, masks taken off: what somebody would read in it.
fn in_words(bytes: &[u8]) -> String {
    let mut words = String::new();
    tell_journal(bytes, |line| words += &format!("{line}\n")).expect("a journal");
    words
}

pub fn a_redacted_journal_has_no_secret_and_replays(start: Start) {
    let file = Memory::default();
    tell_secrets(start, journal(&file).redacted(Redaction::default()));
    let bytes = file.bytes();
    for secret in SECRETS {
        assert!(!contains(&bytes, secret) && !contains(&bytes, &secret[2..]), "{secret}");
    }
    let words = in_words(&bytes);
    assert!(
        words.contains("a redacted journal")
            && words.contains(r#"{\"type\":\"login\",\"password\":\"A-AAAAAA1\",\"n\":[1,true]}"#),
        "{words}"
    );
    assert!(
        words.contains("GET /room/x?token=AAAAAAAAA") && words.contains("accepted a socket from 10.0.0.0:"),
        "{words}"
    );
    assert!(Reader::new(&bytes).expect("a journal").header().config.secret.is_none());
    // This application treats all texts alike, so everything is as it was but for what was said.
    assert_same(&bytes);
}

/// One that has everything has it; and it can be redacted later, by playing it.
pub fn a_journal_can_be_redacted_later(start: Start) {
    let (file, later, again) = (Memory::default(), Memory::default(), Memory::default());
    tell_secrets(start, journal(&file));
    assert!(contains(&file.bytes(), "q-hunter2") && contains(&file.bytes(), "r-hunter2"));
    let replay = |bytes: &[u8], to: Journal<Lab>| {
        let replay = Replay::new(bytes).expect("a journal").events(read_event).record(to);
        replay.run(lab::routes(), Lab).expect("it plays")
    };
    let original = replay(&file.bytes(), journal(&later).redacted(Redaction::default()));
    assert!(original.difference.is_none(), "{original}");
    let redacted = later.bytes();
    assert!(SECRETS.iter().all(|secret| !contains(&redacted, secret)));
    assert_eq!(assert_same(&redacted).entries, original.entries);
    // Played and written anew, it is a journal of its own, with a hash of bytes.
    assert!(replay(&redacted, journal(&again)).difference.is_none());
    assert_same(&again.bytes());
    assert!(!Reader::new(&again.bytes()).expect("a journal").header().redacted);
}

/// A handler that asks what the text is goes another way, and the replay says where.
#[test]
fn what_depends_on_what_is_redacted_is_told() {
    let file = Memory::default();
    let mut server =
        lab::smol(Wish { journal: Some(journal(&file).redacted(Redaction::default())), ..Wish::default() });
    let mut client = super::Client::join(server.addr, "x");
    for text in ["first", "second"] {
        client.send(text);
        client.skip();
    }
    client.send("panic");
    assert_eq!(client.close_code().0, 1011);
    client.close();
    server.stop();
    let replayed = super::replay(&file.bytes()).expect("a journal");
    let difference = replayed.difference.expect("it does not panic at AAAAA");
    assert!(difference.told.iter().any(|line| line.ends_with("\\x81\\x85\\x00\\x00\\x00\\x00AAAAA")), "{difference}");
    assert_eq!((difference.recorded.writes, difference.came.writes), (1, 1));
    assert!(difference.recorded.bytes > difference.came.bytes, "{difference}");
    assert!(difference.turn >= 3 && replayed.records.is_empty());
}
