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

/// The texts that one message after the other becomes, in a journal that keeps these fields besides.
fn redacted_texts(texts: &[&str], keep: &[&str]) -> Vec<String> {
    let (mut net, file) = recorded(Some(Redaction::default().keep(keep.iter().copied())));
    let link = net.open();
    texts.iter().for_each(|text| net.receive(link, &common::net::long_client_frame(text.as_bytes())));
    drop(net);
    let written = file.0.lock().unwrap().clone();
    let received = Reader::new(&written).unwrap().entries().filter_map(|timed| match timed.unwrap().entry {
        Entry::Received { bytes, .. } => Some(String::from_utf8_lossy(&bytes[bytes.len().min(8)..]).into_owned()),
        _ => None,
    });
    // Behind the head and the mask, which is zero.
    received.skip(1).collect()
}

fn shape(value: &serde_json::Value) -> String {
    use serde_json::Value::*;
    match value {
        Null => "null".into(),
        Bool(value) => value.to_string(),
        Number(_) => "0".into(),
        String(text) => format!("{:?}", text.len()),
        Array(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(",")),
        Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}:{}", shape(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
    }
}

#[test]
fn json_stays_json_of_the_same_shape_and_length() {
    let deep = |levels: usize| format!("{}\"hunter2\"{}", "[".repeat(levels), "]".repeat(levels));
    let texts = [
        r#"{"password":"hunter2","n":[1,-2.5,3e+10,true,false,null],"s":""}"#,
        "  { \"a\" : \"hunter2\" ,\n\t\"b\" : [ \"hunter2\" , { } , [ ] ] }\r\n",
        r#"["hunter2","hunter2",{"type":"kept","hunter":"hunter2"},"hunter2"]"#,
        r#"{"a":{"type":"kept","x":"hunter2"},"type":["hunter2"],"ref":7,"b":"hunter2","n":123456}"#,
        r#"{"name":"kept","names":"hunter2","nam":"hunter2"}"#,
        &deep(30),
        &deep(100),
    ];
    let redacted = redacted_texts(&texts, &["name"]);
    assert_eq!(redacted.len(), texts.len());
    for (text, redacted) in texts.iter().zip(&redacted) {
        assert_eq!(text.len(), redacted.len());
        assert!(!redacted.contains("hunter2"), "{redacted}");
        let [before, after] =
            [*text, redacted].map(|text| serde_json::from_str::<serde_json::Value>(text).expect(text));
        assert_eq!(shape(&before), shape(&after), "{redacted}");
        assert_eq!(text.contains("kept"), redacted.contains("kept"), "{redacted}");
    }
    // Deeper than anything is followed, or no JSON at all: nothing is kept, but its length.
    for text in
        [&*deep(200), "hunter2", "{hunter2", "hunter2 \"type\":\"hunter2\"", r#"{"a":"hun\"ter2","type":"kept"}"#]
    {
        let redacted = redacted_texts(&[text], &[]).remove(0);
        assert!(
            redacted.len() == text.len() && !redacted.contains("hunter2") && !redacted.contains("ter2"),
            "{redacted}"
        );
    }
}

#[test]
fn a_journal_says_who_wrote_it_and_knows_the_secret_by_its_mark() {
    let header = |journal: fn(Journal<TestApp>) -> Journal<TestApp>, secret: Option<lazuli::Secret>| {
        let file = File::default();
        let hub = Hub::new(
            Config { secret, ..Config::default() },
            common::routes(&Arc::default(), quiet()),
            TestApp::default(),
        );
        drop(Driver::recorded(hub, Settings::default(), journal(Journal::to(file.clone()))));
        let written = file.0.lock().unwrap().clone();
        Reader::new(&written).unwrap().header().clone()
    };
    let secret = |byte| lazuli::Secret::new([byte; 32]);
    let shown = format!("{:?}", Journal::<TestApp>::to(File::default()).at_most(12_345));
    assert!(shown.contains("12345"), "{shown}");
    let none = header(|journal| journal, None);
    assert_eq!((none.had_secret(), none.redacted, &*none.by), (false, false, env!("CARGO_PKG_VERSION")));
    let some = header(|journal| journal, Some(secret(1)));
    assert!(some.had_secret() && some.config.secret.is_none());
    assert!(some.is_secret(&secret(1)) && !some.is_secret(&secret(2)));
    assert!(header(|journal| journal.with_secret(), Some(secret(1))).config.secret.is_some());
    assert!(header(|journal| journal.redacted(Redaction::default()), Some(secret(1))).redacted);
}

#[test]
fn a_journal_never_has_more_bytes_than_it_may() {
    for most in (600..1_400).step_by(7) {
        let file = File::default();
        let hub = Hub::new(Config::default(), common::routes(&Arc::default(), quiet()), TestApp::default());
        let driver = Driver::recorded(hub, Settings::default(), Journal::to(file.clone()).at_most(most));
        let mut net = Net { driver, wires: Wires::default(), script: Arc::default(), now: Time::ZERO };
        let link = net.open();
        (0..20).for_each(|_| net.text(link, "hello"));
        drop(net);
        let written = file.0.lock().unwrap().clone();
        assert!(written.len() as u64 <= most, "{} of {most}", written.len());
        let entries = Reader::new(&written).expect("a journal").entries();
        assert!(entries.inspect(|entry| assert!(entry.is_ok(), "a whole entry")).count() > 0);
        // It goes on for as long as it can.
        assert!(written.len() as u64 + 300 > most, "{} of {most}", written.len());
    }
}

#[test]
fn what_is_said_from_outside_is_redacted_to_its_length() {
    let (written, _) = redacted("192.0.2.77:1234", &[]);
    let mut commands = Reader::new(&written).unwrap().entries().filter_map(|timed| match timed.unwrap().entry {
        Entry::Input(Input::Command(command)) => Some(command),
        _ => None,
    });
    let Some(Command::Send { frame, .. }) = commands.next() else { panic!("a send") };
    assert_eq!(frame.payload().len(), "a hunter2 from outside".len());
    let Some(Command::CloseUser { user, code, reason }) = commands.next() else { panic!("a close") };
    assert_eq!((&*user, code, reason.len()), ("ada", 1000, 7));
}

#[test]
fn addresses_become_others_and_the_same_stays_the_same() {
    let (mut net, file) = recorded(Some(Redaction::default()));
    let peers = [
        "[2001:db8:7:7:1::2]:1",
        "[2001:db8:7:8:1::2]:2",
        "[2001:db8:7:7:9::9]:3",
        "192.0.2.1:4",
        "192.0.2.2:5",
        "192.0.2.1:6",
    ];
    for peer in peers {
        net.driver.accept(net.now, Some(peer.parse().unwrap())).unwrap();
    }
    drop(net);
    let written = file.0.lock().unwrap().clone();
    let entries = Reader::new(&written).unwrap().entries();
    let shown: Vec<String> = entries
        .filter_map(|timed| match timed.unwrap().entry {
            Entry::Accepted { peer } => peer.map(|peer| peer.to_string()),
            _ => None,
        })
        .collect();
    let expected = ["[fd00::1]:1", "[fd00:0:0:1::1]:2", "[fd00::1]:3", "10.0.0.2:4", "10.0.0.3:5", "10.0.0.2:6"];
    assert_eq!(shown, expected);
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
