//! Peers that break off, babble, flood or don't read. What they get matters little; that others are
//! served does.

use std::thread::sleep;
use std::time::Duration;

use super::{BACKLOG, Bytes, Case, ascii, case};
use crate::conformance::client::Client;
use crate::conformance::inbound::{Event, Kind};
use crate::conformance::wire::{Frame, show};
use crate::conformance::{Outcome, Target};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = broken_off();
    cases.extend(babble());
    cases.extend(floods());
    cases
}

fn broken_off() -> Vec<Case> {
    vec![
        case("end-without-close", "a peer that ends the stream without a close frame is let go", |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::text("the last"));
            client.echoed(Kind::Text, b"the last")?;
            client.finish_sending();
            client.gone("the end of the connection")
        }),
        case("end-inside-a-frame", "a peer that ends the stream inside of a frame is let go", |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::text("begun").announcing(1_000));
            client.finish_sending();
            client.gone("the end of the connection")
        }),
        case("end-inside-a-message", "a peer that ends the stream between fragments is let go", |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::text("begun").more());
            client.finish_sending();
            client.gone("the end of the connection")
        }),
        case("end-after-violation", "a peer that ends the stream after a violation gets its close frame", |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::new(3, "x"));
            client.finish_sending();
            client.closed(&[1002])
        }),
        case("reset-with-answers-unread", "peers that reset the connection while answers wait harm nobody", |target| {
            for _ in 0..10 {
                let mut client = Client::echo(target)?;
                client.send_frame(&Frame::binary(ascii(1 << 20)));
                client.wait_for_news("the beginning of the answer")?;
                // Dropped with bytes unread, which resets the connection.
            }
            Ok(())
        }),
        case("end-anywhere", "a session that breaks off after any of its bytes is let go", |target| {
            let head = target.upgrade().bytes();
            let frames = [Frame::text("é"), Frame::ping("p"), Frame::text("a").more(), Frame::close(1000, "bye")];
            let session: Vec<u8> = head.iter().copied().chain(frames.iter().flat_map(Frame::bytes)).collect();
            // Inside of the head a few are enough; inside of the frames it is every byte.
            let cuts = (0..head.len()).step_by(17).chain(head.len() - 4..session.len());
            for cut in cuts {
                let mut client = Client::connect(target)?;
                client.send(format!("the first {cut} bytes of a session"), &session[..cut]);
                client.finish_sending();
                client.gone("the end of the connection")?;
            }
            Ok(())
        }),
    ]
}

fn babble() -> Vec<Case> {
    vec![
        case("random-heads", "a head with random bytes in it is accepted, refused or cut off", |target| {
            let mut random = Bytes(1);
            for round in 0..50 {
                let mut head = target.upgrade().bytes();
                for _ in 0..1 + round % 5 {
                    let at = random.below(head.len());
                    head[at] = random.next() as u8;
                }
                let mut client = Client::connect(target)?;
                client.send(format!("a spoiled head: {:?}", String::from_utf8_lossy(&head)), &head);
                client.finish_sending();
                client.gone("the end of the connection")?;
            }
            Ok(())
        }),
        case("random-bytes", "random bytes after the upgrade are refused or wait for more", |target| {
            let mut random = Bytes(2);
            for _ in 0..50 {
                let bytes: Vec<u8> = (0..1 + random.below(300)).map(|_| random.next() as u8).collect();
                sane(target, "random bytes", &bytes)?;
            }
            Ok(())
        }),
        case("random-frames", "frames at random, most of them right, are answered or refused", |target| {
            let mut random = Bytes(3);
            for _ in 0..50 {
                let bytes: Vec<u8> = (0..20).flat_map(|_| random_frame(&mut random).bytes()).collect();
                sane(target, "random frames", &bytes)?;
            }
            Ok(())
        }),
    ]
}

fn random_frame(random: &mut Bytes) -> Frame {
    let payload = ascii(random.below(150));
    let opcode = [0, 0, 1, 1, 2, 2, 9, 10, 8, 3][random.below(10)];
    let frame = Frame::new(opcode, payload);
    let frame = if random.below(3) == 0 { frame.more() } else { frame };
    if random.below(20) == 0 { frame.rsv(1) } else { frame }
}

/// Sends `bytes` and ends the stream: all that comes back until the end must be well-formed, and a
/// close have a code that fits.
fn sane(target: &Target, what: &str, bytes: &[u8]) -> Outcome {
    let expected = "well-formed frames or close 1000, 1002, 1007, 1008 or 1009, and the end of the connection";
    let mut client = Client::echo(target)?;
    client.send(format!("{what}: {}", show(bytes)), bytes);
    client.finish_sending();
    loop {
        match client.next(expected)? {
            Event::Close(Some(1000 | 1002 | 1007 | 1008 | 1009) | None, _) | Event::Message(..) | Event::Pong(_) => {}
            Event::Close(..) | Event::Cut => return Err(client.fail(expected)),
            Event::Ended => return Ok(()),
        }
    }
}

fn floods() -> Vec<Case> {
    vec![
        case("empty-fragments", "a million empty fragments without end are refused", |target| {
            endless_fragments(target, "", 1_000_000)
        }),
        case("fragments-of-a-byte", "a million fragments of 1 byte without end are refused", |target| {
            endless_fragments(target, "x", 1_000_000)
        }),
        case(
            "pings-unread",
            "of pings from a peer that doesn't read, the latest is answered, or it is closed",
            pings_unread,
        ),
        case("slow-reader", "a peer that reads slowly gets all of its answers", |target| {
            let mut client = Client::echo(target)?;
            let message = ascii(1 << 20);
            let bytes = Frame::binary(message.clone()).bytes().repeat(8);
            let what = "8 messages of 1 MiB, without reading";
            let taken = client.send_blind(what, &bytes, Duration::from_millis(500));
            for _ in 0..60 {
                client.take_in();
                sleep(Duration::from_millis(50));
            }
            client.send("what the server had not taken yet", &bytes[taken..]);
            (0..8).try_for_each(|_| client.echoed(Kind::Binary, &message))?;
            client.still_open()
        }),
    ]
}

fn endless_fragments(target: &Target, payload: &str, count: usize) -> Outcome {
    let mut client = Client::echo(target)?;
    client.send_frame(&Frame::text(payload).more());
    let batch: Vec<u8> = (0..1_000).flat_map(|_| Frame::continuation(payload).more().bytes()).collect();
    let expected = "close frame with 1008 or 1009";
    for _ in 0..count / 1_000 {
        client.send("1,000 fragments, more to follow", &batch);
        client.take_in();
        match client.ready(expected)? {
            None if !client.is_cut() => {}
            None => break,
            Some(Event::Close(Some(1008 | 1009), _)) => return Ok(()),
            Some(_) => return Err(client.fail(expected)),
        }
    }
    client.close_frame(&[1008, 1009], expected)
}

/// Stuffs the way back with 8 MiB of answers, then sends pings, all without reading. Read at last, the pongs must be a
/// part of the pings, in order, and include the last, unless the server has had enough of it and closed the connection.
/// Its close frame need not arrive then: the way back was full.
fn pings_unread(target: &Target) -> Outcome {
    const LAST: u32 = 20_000;
    let mut client = Client::echo(target)?;
    let message = ascii(1 << 20);
    let ping = |n: u32| Frame::ping([&n.to_be_bytes()[..], &[0; 121]].concat()).bytes();
    let mut bytes = Frame::binary(message.clone()).bytes().repeat(8);
    bytes.extend((0..=LAST).flat_map(ping));
    let what = "8 messages of 1 MiB and 20,001 pings, without reading";
    let taken = client.send_blind(what, &bytes, Duration::from_millis(500));
    sleep(2 * BACKLOG);
    client.send("what the server had not taken yet", &bytes[taken..]);

    let expected = "8 answers, pongs in the order of the pings, one for the last, or the end of the connection";
    let (mut answers, mut next) = (0, 0);
    while next <= LAST || answers < 8 {
        match client.next(expected)? {
            Event::Message(Kind::Binary, answer) if answer == message => answers += 1,
            Event::Pong(payload) if payload.len() == 125 => match payload.first_chunk() {
                Some(n) if u32::from_be_bytes(*n) >= next => next = u32::from_be_bytes(*n) + 1,
                _ => return Err(client.fail(expected)),
            },
            Event::Close(Some(1008), _) | Event::Ended | Event::Cut => return Ok(()),
            _ => return Err(client.fail(expected)),
        }
    }
    client.still_open()
}
