//! What a journal says of a driver: whatever comes out of it is in the hash, and what is redacted shows nobody.

mod common;

use common::net::{Net, Wires, client_close, client_frame, handshake};
use common::{Order, TestApp, quiet};
use lazuli::driver::{Driver, Settings};
use lazuli::journal::{Entry, Journal, Reader, Redaction};
use lazuli::{Command, Config, Hub, Input, Link, Node, Result, Time};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct File(Arc<Mutex<Vec<u8>>>);

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A driver with a backplane, and what it writes down.
fn recorded(redaction: Option<Redaction>) -> (Net, File) {
    let (script, file) = (Arc::<common::Script>::default(), File::default());
    let config = Config { backplane: Some(Node(1)), ..Config::default() };
    let hub = Hub::new(config, common::routes(&script, quiet()), TestApp::default());
    let journal = Journal::to(file.clone()).events(|_: &common::Event, bytes| bytes.push(7));
    let journal = match redaction {
        Some(redaction) => journal.redacted(redaction),
        None => journal,
    };
    let driver = Driver::recorded(hub, Settings::default(), journal);
    (Net { driver, wires: Wires::default(), script, now: Time::ZERO }, file)
}

/// The turns of a session in which a channel does this, from its first frame on: writes, bytes, others and hash of each.
fn turns(step: impl FnOnce(&mut common::Cx<'_>) -> Result + Send + 'static) -> Vec<(u64, u64, u64, u64)> {
    let (mut net, file) = recorded(None);
    let link = net.open();
    net.driver.input(net.now, Input::Backplane(Link::Up));
    net.run(link, step);
    net.driver.input(net.now, Input::App(common::Event::Word("event")));
    net.turn();
    drop(net);
    let bytes = file.0.lock().unwrap().clone();
    let entries = Reader::new(&bytes).expect("a journal").entries();
    let turned = entries.filter_map(|timed| match timed.expect("an entry").entry {
        Entry::Turned { turn, .. } => Some((turn.writes, turn.bytes, turn.others, turn.hash)),
        _ => None,
    });
    turned.collect()
}

#[test]
fn whatever_comes_out_is_in_the_hash() {
    let hash = |step: fn(&mut common::Cx<'_>) -> Result| turns(step).last().expect("turns").3;
    let all = [
        hash(|_| Ok(())),
        hash(|cx| {
            cx.text("one");
            Ok(())
        }),
        hash(|cx| {
            cx.text("two");
            Ok(())
        }),
        hash(|cx| {
            cx.effect(Order("an effect".into()));
            Ok(())
        }),
        hash(|cx| {
            cx.join("a");
            Ok(())
        }),
        hash(|cx| {
            cx.join("b");
            Ok(())
        }),
        hash(|cx| {
            cx.join("a");
            cx.leave("a");
            Ok(())
        }),
        hash(|cx| {
            cx.to_all().text("one");
            Ok(())
        }),
        hash(|cx| {
            cx.to_all().text("two");
            Ok(())
        }),
        hash(|cx| {
            cx.close(4000, "bye");
            Ok(())
        }),
        hash(|cx| {
            cx.set_timer("later", common::seconds(5));
            Ok(())
        }),
    ];
    for (place, hash) in all.iter().enumerate() {
        assert!(!all[..place].contains(hash), "{place}");
    }
    assert_eq!(
        all[1],
        turns(|cx| {
            cx.text("one");
            Ok(())
        })
        .last()
        .unwrap()
        .3
    );
}

#[test]
fn a_turn_says_how_much_it_did() {
    let before = turns(|_| Ok(()));
    let after = turns(|cx| {
        cx.text("four");
        cx.text("more");
        cx.effect(Order("one".into()));
        cx.effect(Order("two".into()));
        Ok(())
    });
    assert_eq!(before.len(), after.len());
    let changed: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
    let ((writes, bytes, others, _), (more_writes, more_bytes, more_others, _)) = changed[0];
    // Both frames, of six bytes each, go in one write.
    assert_eq!((more_writes - writes, more_bytes - bytes, more_others - others), (1, 12, 2));
}

/// The bytes of a redacted journal in which a peer from here has sent this.
fn redacted(peer: &str, bytes: &[&[u8]]) -> (Vec<u8>, Vec<SocketAddr>) {
    let (mut net, file) = recorded(Some(Redaction::default()));
    for _ in 0..2 {
        let link = net.driver.accept(net.now, Some(peer.parse().unwrap())).unwrap();
        bytes.iter().for_each(|bytes| net.receive(link, bytes));
    }
    let to = lazuli::Receivers::All;
    let frame = lazuli::Frame::new(lazuli::Kind::Text, b"a hunter2 from outside");
    net.driver.input(net.now, Input::Command(Command::Send { to, except: vec![], except_users: vec![], frame }));
    net.driver.input(
        net.now,
        Input::Command(Command::CloseUser { user: "ada".into(), code: 1000, reason: "hunter2".into() }),
    );
    net.turn();
    drop(net);
    let written = file.0.lock().unwrap().clone();
    let peers = Reader::new(&written).unwrap().entries().filter_map(|timed| match timed.unwrap().entry {
        Entry::Accepted { peer } => peer,
        _ => None,
    });
    let peers = peers.collect();
    (written, peers)
}

fn has(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

#[test]
fn addresses_become_others_and_the_same_stays_the_same() {
    for (peer, network) in [("192.0.2.77:1234", "10.0.0.0:1234"), ("[2001:db8:7:7:1::2]:1234", "[fd00::1]:1234")] {
        let (_, peers) = redacted(peer, &[]);
        assert_eq!(peers, [network.parse::<SocketAddr>().unwrap(); 2], "{peer}");
    }
}

#[test]
fn no_secret_is_left_wherever_it_stands() {
    let heads: [&[u8]; 7] = [
        b"GET /p?hunter=hunter2&b=hunter2 HTTP/1.1\r\nX: hunter2\r\nAuthorization: Bearer hunter2\r\n\r\n",
        b"GET /p HTTP/1.1\r\nCookie: a=hunter2; b=x=hunter2\r\nauthorization: B hunter2\r\nAuthorization: hunter2\r\n\r\n",
        b"GET /p HTTP/1.1\r\nSec-WebSocket-Protocol: lazuli, bearer.hunter2, hunter2\r\n\r\n",
        b"hunter2 hunter2 hunter2\r\nhunter2: hunter2\r\n\r\nhunter2",
        b"GET hunter2?hunter2=hunter2 HTTP/1.1\r\n\r\nhunter2",
        b"POST /p?hunter2 HTTP/1.1\r\nContent-Length: 40\r\n\r\n{\"password\": \"hunter2\", \"n\":[\"hunter2\"]}",
        b"POST /p HTTP/1.1\r\nContent-Length: 16\r\n\r\n  text, hunter2!",
    ];
    for head in heads {
        for piece in [1, 3, head.len()] {
            let pieces: Vec<&[u8]> = head.chunks(piece).collect();
            let (written, _) = redacted("192.0.2.77:1234", &pieces);
            // Names of fields and of parameters stay, and what stands for a path.
            let (allowed, text) = (head == heads[4] || head == heads[5], String::from_utf8_lossy(head));
            assert!(allowed || !has(&written, b"hunter2"), "{text}");
            assert!(
                !has(&written, b"=hunter2") && !has(&written, b"\"hunter2\"") && !has(&written, b" hunter2!"),
                "{text}"
            );
        }
    }
    let frames = [
        client_frame(
            0x81,
            br#"{"a":"hunter2","deep":{"type":"kept","b":["hunter2",{"event":"stays","c":"hunter2"}]}}"#,
        ),
        client_frame(0x01, b"hunter2"),
        client_frame(0x80, b"hunter2 again"),
        client_frame(0x82, b"hunter2"),
        client_frame(0x89, b"hunter2"),
        client_frame(0x82, &[b"hunter2".as_slice(); 30].concat()),
        client_close(4000, "hunter2"),
    ]
    .concat();
    for piece in [1, 5, frames.len()] {
        let head = handshake("/probe");
        let pieces: Vec<&[u8]> = [&head[..]].into_iter().chain(frames.chunks(piece)).collect();
        let (written, _) = redacted("192.0.2.77:1234", &pieces);
        assert!(!has(&written, b"hunter2") && !has(&written, b"unter"));
        if piece == frames.len() {
            assert!(has(&written, br#""type":"kept""#) && has(&written, br#""event":"stays""#));
        }
    }
}
