//! Tokens that were forged, against the showcase's private channels.

use super::ensure;
use crate::Trouble;
use crate::peer::{Opened, Peer, connect_from};
use crate::runner::{Outcome, Row, Stage};
use serde_json::json;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

pub fn rows() -> Vec<Row> {
    vec![Row::new("26-forged-tokens", forged).waits()]
}

const SECRET: &str = "the secret of the row about tokens";

/// The showcase, built as this test was.
fn showcase() -> Result<PathBuf, Trouble> {
    let test = std::env::current_exe()?;
    // target/PROFILE/deps/attacks-…
    let profile = test.ancestors().nth(2).ok_or("the test lies nowhere")?;
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    build.args(["build", "-q", "-p", "showcase"]).args(profile.ends_with("release").then_some("--release"));
    ensure!(build.status()?.success(), "the showcase cannot be built");
    Ok(profile.join("showcase"))
}

/// Ends the process when the row does.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it: the process, and where it listens.
fn start(showcase: &Path, transport: &str) -> Result<(Running, SocketAddr), Trouble> {
    let child = Command::new(showcase)
        .args(["--addr", "127.0.0.1:0", "--transport", transport, "--secret", SECRET])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut running = Running(child);
    let mut said = String::new();
    BufReader::new(running.0.stdout.take().ok_or("no standard output")?).read_line(&mut said)?;
    let addr = said.split("http://").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok());
    Ok((running, addr.ok_or_else(|| format!("the showcase did not start: {said:?}"))?))
}

/// A token for the channel `news`.
fn token(showcase: &Path, user: &str, secret: &str, seconds: &str) -> Result<String, Trouble> {
    let mut print = Command::new(showcase);
    print.args(["--print-token", user, "--channels", "news", "--expires", seconds, "--secret", secret]);
    Ok(String::from_utf8(print.output()?.stdout)?.trim().to_owned())
}

/// Base64 for URLs, without padding.
fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for digit in 0..=three.len() {
            text.push(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize] as char);
        }
    }
    text
}

/// What the channel says to this token: its first message, or the code and reason of its close.
fn shown(addr: SocketAddr, from: u8, channel: &str, token: &str) -> Result<String, Trouble> {
    // Each from an address of its own, for an address may not fail often.
    let stream = connect_from(Ipv4Addr::new(127, 0, 2, from).into(), addr)?;
    let Opened::Yes(mut peer) = Peer::ask(stream, addr, &format!("/private/{channel}?token={token}"), &[])? else {
        return Err("the upgrade was refused".into());
    };
    match peer.0.read()? {
        tungstenite::Message::Text(text) => Ok(text.as_str().to_owned()),
        tungstenite::Message::Close(Some(close)) => Ok(format!("{} {}", u16::from(close.code), close.reason)),
        other => Err(format!("{other:?}").into()),
    }
}

fn forged(stage: &Stage) -> Outcome {
    let showcase = showcase()?;
    let (mut running, addr) = start(&showcase, stage.transport)?;
    let mut log = running.0.stderr.take().ok_or("no standard error")?;
    let log = thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).map(|_| text)
    });
    let right = token(&showcase, "ada", SECRET, "600")?;
    let short = token(&showcase, "ada", SECRET, "1")?;
    let other = token(&showcase, "ada", "another secret", "600")?;
    let [header, claims, signature] = right.split('.').collect::<Vec<_>>()[..] else {
        return Err(format!("no token but {right:?}").into());
    };
    let heard = shown(addr, 1, "news", &right)?;
    ensure!(heard.contains("authenticated") && heard.contains("ada"), "the right token: {heard}");
    let heard = shown(addr, 2, "admin", &right)?;
    ensure!(heard == "1008 Access denied", "a token for another channel: {heard}");
    // Headers that ask for another check, or for none; claims that the signature is not of.
    let headers = ["none", "None", "NONE", "nOnE", "", "HS512", "HS384", "RS256", "ES256", "PS256", "EdDSA", "hs256"];
    let mut forged: Vec<String> = Vec::new();
    for alg in headers {
        let header = encode(json!({ "typ": "JWT", "alg": alg }).to_string().as_bytes());
        forged.extend([
            format!("{header}.{claims}.{signature}"),
            format!("{header}.{claims}."),
            format!("{header}.{claims}"),
        ]);
    }
    let mine = |changed: serde_json::Value| encode(changed.to_string().as_bytes());
    let end = 4_000_000_000u64;
    for changed in [
        json!({ "user_id": "bob", "channels": ["news"], "exp": end, "iss": "lazuli-showcase" }),
        json!({ "user_id": "ada", "channels": ["news", "admin"], "exp": end, "iss": "lazuli-showcase" }),
        json!({ "user_id": "ada", "channels": ["news"], "exp": end, "iss": "somebody-else" }),
        json!({ "user_id": "ada", "channels": ["news"], "iss": "lazuli-showcase" }),
    ] {
        forged.push(format!("{header}.{}.{signature}", mine(changed.clone())));
        forged.push(format!("{}.{}.", encode(b"{\"alg\":\"none\"}"), mine(changed)));
    }
    let embedded = encode(b"{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"},\"kid\":\"../../dev/null\"}");
    forged.extend([
        format!("{embedded}.{claims}.{signature}"),
        other,
        right[..right.len() - 1].into(),
        right.replace('.', ""),
    ]);
    forged.extend(["".into(), ".".into(), "..".into(), "...".into(), "null".into(), "a".repeat(4_000)]);
    thread::sleep(Duration::from_secs(2));
    forged.push(short);
    for (number, token) in forged.iter().enumerate() {
        let heard = shown(addr, number as u8 + 3, "news", token)?;
        ensure!(heard == "1008 Authentication required", "{token} was answered with {heard}");
    }
    drop(running);
    let log = log.join().map_err(|_| "the log's reader panicked")??;
    ensure!(!forged.iter().filter(|token| token.len() > 20).any(|token| log.contains(token)), "a token is in the log");
    ensure!(!log.contains(signature), "a token is in the log");
    Ok(format!("{} tokens", forged.len()))
}
