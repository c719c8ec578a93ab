//! Who is let in, how many, and for how long.

use super::ensure;
use crate::Trouble;
use crate::app::{GRACE, PERMITTED};
use crate::peer::{ELSEWHERE, HERE, Opened, Peer, connect, connect_from, exchange, upgrade, visit};
use crate::process::Server;
use crate::runner::{Outcome, Row, Stage};
use lazuli::Rate;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// What the server of row 34 lets in.
pub const PER_ADDRESS: usize = 100;
pub const PER_USER: usize = 10;

/// What the server of row 30 lets in.
pub const RUSH: Rate = Rate { per_second: 200, burst: 500 };

pub fn rows() -> Vec<Row> {
    vec![
        Row::new("01-foreign-origins", foreign_origins).on("origins"),
        Row::new("01-no-origin", no_origin).on("origin-needed"),
        Row::new("25-permissions-that-end", expired).waits(),
        Row::new("27-bad-authentications", failures).heavy(),
        Row::new("30-everybody-at-once", rush).on("rush").heavy(),
        Row::new("30-everybody-sent-away", sent_away).heavy(),
        Row::new("34-too-many-of-one", caps).on("caps").heavy(),
    ]
}

/// The status that a page of this origin gets.
fn status(stage: &Stage, origin: &str) -> Result<u16, Trouble> {
    let addr = stage.server.addr;
    match Peer::ask(connect(addr)?, addr, "/echo", &[("Origin", origin)])? {
        Opened::Yes(peer) => peer.close().map(|()| 101),
        Opened::No(status, _) => Ok(status),
    }
}

fn foreign_origins(stage: &Stage) -> Outcome {
    let port = stage.server.addr.port();
    let foreign = [
        "null".to_owned(),
        "https://evil.tld".into(),
        "https://app.example.com.evil.tld".into(),
        "https://evil.tld/https://app.example.com".into(),
        "https://app.example.com@evil.tld".into(),
        "https://xapp.example.com".into(),
        "https://app.example.com:444".into(),
        "http://app.example.com".into(),
        "https://other.example.com".into(),
        "https://app.example.com/".into(),
        "https://app.example.com, https://evil.tld".into(),
        "file://".into(),
        format!("http://127.0.0.1:{}", port ^ 1),
        format!("http://127.0.0.1.evil.tld:{port}"),
        format!("http://127.0.0.2:{port}"),
        format!("http://localhost:{port}"),
        "http://127.0.0.1".into(),
    ];
    for origin in &foreign {
        let status = status(stage, origin)?;
        ensure!(status == 403, "{origin:?} got {status}");
    }
    for origin in [
        &format!("http://127.0.0.1:{port}"),
        "https://app.example.com",
        "HTTPS://App.Example.Com",
        "https://app.example.com:443",
        "https://other.example.com:8443",
    ] {
        let status = status(stage, origin)?;
        ensure!(status == 101, "{origin:?} got {status}");
    }
    // Two: whichever somebody else looks at.
    let twice = "Origin: https://app.example.com\r\nOrigin: https://evil.tld\r\n\r\n";
    let answer = exchange(stage.server.addr, (upgrade("/echo") + twice).as_bytes())?;
    ensure!(matches!(answer.status, 400 | 403), "two origins got {answer:?}");
    // Programs that are no browsers send none.
    Peer::open(stage.server.addr, "/echo")?.close()?;
    Ok(format!("{} origins", foreign.len() + 1))
}

fn no_origin(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    match Peer::ask(connect(addr)?, addr, "/echo", &[])? {
        Opened::No(403, _) => {}
        Opened::No(status, _) => return Err(format!("refused with {status}").into()),
        Opened::Yes(_) => return Err("let in without an origin".into()),
    }
    ensure!(status(stage, &format!("http://{addr}"))? == 101, "the server's own pages are kept out");
    Ok(String::new())
}

/// Permissions that expire, and one that is withdrawn.
fn expired(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    let begin = Instant::now();
    let mut peer = Peer::open(addr, "/expiring")?;
    let mut spark = Peer::open(addr, "/spark?expires")?;
    spark.subscribe("/echo")?;
    peer.send("early")?;
    ensure!(peer.text()? == "early", "while it is permitted");
    // What is sent afterwards is not handled.
    let refused = loop {
        let sent = begin.elapsed();
        peer.send("late")?;
        let text = peer.text()?;
        if text != "late" {
            break text;
        }
        ensure!(sent < PERMITTED + Duration::from_secs(5), "it is handled after {sent:?}");
        std::thread::sleep(Duration::from_millis(50));
    };
    ensure!(refused.contains("Not authenticated"), "{refused}");
    ensure!(begin.elapsed() >= PERMITTED, "it is refused after {:?} already", begin.elapsed());
    let code = peer.close_code()?;
    ensure!(code == 1008, "closed with {code}");
    let took = begin.elapsed();
    let code = spark.close_code()?;
    ensure!(code == 1008, "the Spark socket was closed with {code}");
    // Withdrawn: all that the user has, at once, and nobody else's.
    let mut ada: Vec<Peer> = Vec::new();
    for _ in 0..3 {
        ada.push(Peer::open(addr, "/user/ada?token=secret-of-ada")?);
    }
    ada.push(Peer::open(addr, "/spark?user=ada")?);
    let mut bob = Peer::open(addr, "/user/bob?token=secret-of-bob")?;
    let mut on_spark = Peer::spark(addr)?;
    let params = json!({ "token": "secret-of-ada" });
    let subscribe = json!({ "type": "subscribe", "channel": "/user/ada", "params": params, "ref": 1 });
    ensure!(on_spark.asks(subscribe.to_string())?["status"] == "ok", "a token among the parameters");
    let begin = Instant::now();
    let answer = exchange(addr, b"POST /revoke/ada HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")?;
    ensure!(answer.status == 204, "{answer:?}");
    for mut peer in ada {
        let code = peer.close_code()?;
        ensure!(code == 1008, "closed with {code}");
    }
    let ended = on_spark.json()?;
    ensure!(ended["type"] == "unsubscribed" && ended["code"] == 1008, "{ended}");
    on_spark.hears_nothing()?;
    bob.hears_nothing()?;
    Ok(format!(
        "permitted for {PERMITTED:?}, with {GRACE:?} of grace: closed after {took:.1?}; withdrawn within {:.1?}",
        begin.elapsed()
    ))
}

/// How many got which answer.
type Tally = BTreeMap<u16, usize>;

/// Asks for an upgrade again and again, but not longer than `within`; those that are let in are kept.
fn storm(stage: &Stage, path: &str, times: usize, within: Duration) -> Result<(Tally, Vec<Peer>), Trouble> {
    let addr = stage.server.addr;
    let (mut tally, mut kept) = (Tally::new(), Vec::new());
    let begin = Instant::now();
    for _ in 0..times {
        if begin.elapsed() > within {
            break;
        }
        let status = match Peer::ask(connect(addr)?, addr, path, &[])? {
            Opened::Yes(peer) => {
                kept.push(*peer);
                101
            }
            Opened::No(status, again) => {
                let told = again.is_some_and(|seconds| (1..60).contains(&seconds));
                ensure!(told || !matches!(status, 429 | 503), "{status} does not say when to come back");
                status
            }
        };
        *tally.entry(status).or_default() += 1;
    }
    Ok((tally, kept))
}

fn failures(stage: &Stage) -> Outcome {
    const TRIES: usize = 10_000;
    let addr = stage.server.addr;
    let begin = Instant::now();
    let (tally, _) = storm(stage, "/user/ada?token=wrong", TRIES, Duration::MAX)?;
    let took = begin.elapsed();
    let asked = tally.get(&403).copied().unwrap_or_default();
    // 100 at once and 10 a second.
    let most = 110 + 10 * took.as_secs() as usize;
    ensure!((100..=most).contains(&asked), "in {took:?} the application was asked {asked} times: {tally:?}");
    ensure!(asked + tally.get(&429).copied().unwrap_or_default() == TRIES, "{tally:?}");
    // Who comes from elsewhere is not affected; who comes from there is, whatever the token.
    Peer::over(connect_from(ELSEWHERE, addr)?, addr, "/user/ada?token=secret-of-ada")?.close()?;
    // Over Spark it counts as well.
    let mut spark = Peer::over(connect_from(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3)), addr)?, addr, "/spark")?;
    let mut asked_there = 0;
    for number in 0..1_000 {
        let params = json!({ "token": "wrong" });
        let subscribe = json!({ "type": "subscribe", "channel": "/user/ada", "params": params, "ref": number });
        let reply = spark.asks(subscribe.to_string())?;
        asked_there += usize::from(reply["payload"]["http"] == 403);
        ensure!(matches!(reply["payload"]["http"].as_u64(), Some(403 | 429)), "{reply}");
    }
    let most = 110 + 10 * begin.elapsed().as_secs() as usize;
    ensure!(asked_there <= most, "over Spark the application was asked {asked_there} times");
    Ok(format!(
        "{TRIES} tries in {took:.1?}: the application was asked {asked} times; over Spark {asked_there} of 1,000"
    ))
}

/// 10,000 clients come at once, as after a fault of the network.
fn rush(stage: &Stage) -> Outcome {
    const COMING: usize = 10_000;
    // Visitors are turned away meanwhile as often as everybody else, but have to be served in the end.
    const WITHIN: Duration = Duration::from_secs(5);
    let begin = Instant::now();
    let (tally, peers) = storm(stage, "/echo", COMING, WITHIN)?;
    let came: usize = tally.values().sum();
    let took = begin.elapsed();
    let let_in = tally.get(&101).copied().unwrap_or_default();
    let most = RUSH.burst as usize + (RUSH.per_second as f64 * (took.as_secs_f64() + 0.1)) as usize;
    ensure!((RUSH.burst as usize / 2..=most).contains(&let_in), "in {took:?} {let_in} were let in: {tally:?}");
    ensure!(let_in + tally.get(&503).copied().unwrap_or_default() == came, "{tally:?}");
    ensure!(came > most, "the machine is too slow for a rush: {came} came in {took:?}");
    for mut peer in peers {
        peer.send("let in")?;
        ensure!(peer.text()? == "let in", "one that was let in is not served");
    }
    let late = visit(stage.server.addr)?;
    Ok(format!(
        "{COMING} in {took:.1?}, {let_in} let in, the others told when to come back; one after it in {late:.1?}"
    ))
}

/// A server that stops sends everybody away, and tells each another time to come back.
fn sent_away(stage: &Stage) -> Outcome {
    const COUNT: usize = 1_000;
    let mut server = Server::start(stage.transport, "default")?;
    let mut peers: Vec<Peer> = (0..COUNT).map(|_| Peer::open(server.addr, "/echo")).collect::<Result<_, _>>()?;
    server.ask_to_stop();
    let mut seconds = [0; 11];
    for peer in &mut peers {
        let reason = loop {
            if let tungstenite::Message::Close(Some(frame)) = peer.0.read()? {
                ensure!(u16::from(frame.code) == 1001, "closed with {}", frame.code);
                break frame.reason.as_str().to_owned();
            }
        };
        let millis = reason.strip_prefix("Going away; come back in ").and_then(|rest| rest.strip_suffix(" ms"));
        let millis: usize = millis.ok_or_else(|| format!("no hint but {reason:?}"))?.parse()?;
        *seconds.get_mut(millis / 1_000).ok_or_else(|| format!("a hint of {millis} ms"))? += 1;
    }
    drop(peers);
    server.stop()?;
    let most = seconds.iter().max().copied().unwrap_or_default();
    ensure!(most <= COUNT / 5, "of {COUNT} clients {most} come back in one second: {seconds:?}");
    Ok(format!("of {COUNT}, at most {most} come back in one second"))
}

/// One address, and one user from many addresses, with far too many connections.
fn caps(stage: &Stage) -> Outcome {
    const TRIES: usize = 10_000;
    let addr = stage.server.addr;
    let (tally, mut peers) = storm(stage, "/echo", TRIES, Duration::MAX)?;
    let let_in = tally.get(&101).copied().unwrap_or_default();
    ensure!(let_in == PER_ADDRESS, "{let_in} of one address are let in: {tally:?}");
    ensure!(tally.get(&429).copied() == Some(TRIES - PER_ADDRESS), "{tally:?}");
    // One goes, one more may come.
    peers.pop().ok_or("nobody was let in")?.close()?;
    let begin = Instant::now();
    while let Opened::No(status, _) = Peer::ask(connect_from(HERE, addr)?, addr, "/echo", &[])? {
        ensure!(status == 429 && begin.elapsed() < Duration::from_secs(10), "a place that is free is not given away");
    }
    drop(peers);
    // The user comes from everywhere.
    let mut users = Vec::new();
    for number in 0..PER_USER + 20 {
        let from = Ipv4Addr::new(127, 0, 1, number as u8 + 1).into();
        let mut peer = Peer::over(connect_from(from, addr)?, addr, "/user/ada?token=secret-of-ada")?;
        if number < PER_USER {
            peer.hears_nothing()?;
            users.push(peer);
            continue;
        }
        let code = peer.close_code()?;
        ensure!(code == 1008, "one too many was closed with {code}");
    }
    for peer in &mut users {
        peer.hears_nothing()?;
    }
    let from = Ipv4Addr::new(127, 0, 1, 99).into();
    Peer::over(connect_from(from, addr)?, addr, "/user/bob?token=secret-of-bob")?.close()?;
    Ok(format!("{let_in} of {TRIES} of one address, {PER_USER} of {} of one user", PER_USER + 20))
}
