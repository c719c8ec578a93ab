//! The load generator against servers that are right, and against one that is wrong.

use floor::Wrong;
use load::{Pace, Settings, fanout};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::thread;
use std::time::Duration;

fn floor(joined: bool, wrong: Option<Wrong>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || floor::serve(&listener, joined, wrong));
    addr
}

fn lazuli_smol() -> SocketAddr {
    let server = lazuli_smol::Server::bind("127.0.0.1:0", served::routes().unwrap(), ()).unwrap();
    let addr = server.local_addr().unwrap();
    thread::spawn(|| server.run());
    addr
}

fn lazuli_shards() -> SocketAddr {
    let mut server = lazuli_smol::Server::bind("127.0.0.1:0", served::routes().unwrap(), ()).unwrap();
    let addr = server.local_addr().unwrap();
    let shard = server.shard(served::routes().unwrap(), ()).unwrap();
    thread::spawn(|| server.run_with([shard]));
    addr
}

fn lazuli_std() -> SocketAddr {
    let server = lazuli_std::Server::bind("127.0.0.1:0", served::routes().unwrap(), ()).unwrap();
    let addr = server.local_addr().unwrap();
    thread::spawn(|| server.run());
    addr
}

fn small(addr: SocketAddr, rooms: u32, pace: Pace) -> Settings {
    Settings {
        rooms,
        pace,
        warm_up: Duration::from_millis(50),
        measure: Duration::from_millis(200),
        ..Settings::new(addr, "/chat/{room}", 12)
    }
}

#[test]
fn right_servers_pass() {
    for (name, addr) in [
        ("floor", floor(false, None)),
        ("floor, joined", floor(true, None)),
        ("lazuli-smol", lazuli_smol()),
        ("lazuli-shards", lazuli_shards()),
        ("lazuli-std", lazuli_std()),
    ] {
        for rooms in [1, 3] {
            for pace in [Pace::InFlight(1), Pace::InFlight(16), Pace::Rate(100.0)] {
                let report = fanout::run(&small(addr, rooms, pace)).unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(report.verified > 0, "{name}: nothing came");
                assert_eq!(report.verified % u64::from(12 / rooms), 0, "{name}: everyone got the same");
            }
        }
        let long = Settings { bytes: 1_000, ..small(addr, 1, Pace::InFlight(2)) };
        fanout::run(&long).unwrap_or_else(|error| panic!("{name}, long messages: {error}"));
        let echo = Settings { path: "/echo".into(), ..small(addr, 12, Pace::InFlight(1)) };
        fanout::run(&echo).unwrap_or_else(|error| panic!("{name}, echo: {error}"));
    }
}

#[test]
fn each_wrong_delivery_is_told() {
    for (wrong, words, end) in [
        (Wrong::Drop, "connection 10 in room 0 never got message ", ""),
        (Wrong::Double, "connection 10 in room 0 got message ", " twice"),
        (Wrong::Swap, "connection 10 in room 0 got message ", " after a later one"),
        (Wrong::Stray, "connection 11 in room 1 got message ", " of room 0"),
    ] {
        let settings = Settings {
            patience: Duration::from_secs(2),
            measure: Duration::from_secs(3),
            ..small(floor(false, Some(wrong)), 2, Pace::InFlight(4))
        };
        let error = fanout::run(&settings).expect_err("the server was wrong").to_string();
        assert!(error.contains(words), "{wrong:?}: {error}");
        assert!(error.ends_with(end), "{wrong:?}: {error}");
    }
}

#[test]
fn the_program_prints_json_or_fails() {
    let load = |addr: SocketAddr| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_load"));
        command.args(["fanout", "--connections", "4", "--in-flight", "4", "--seconds", "2", "--warm-up", "0"]);
        command.args(["--patience", "2", "--addr", &addr.to_string(), "--pid", &std::process::id().to_string()]);
        command.output().unwrap()
    };
    let right = load(floor(false, None));
    assert!(right.status.success(), "{}", String::from_utf8_lossy(&right.stderr));
    let report: load::Report = serde_json::from_slice(&right.stdout).unwrap();
    assert!(report.verified > 0 && report.server_cpu.is_some(), "{report:?}");
    let wrong = load(floor(false, Some(Wrong::Drop)));
    assert!(!wrong.status.success());
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("never got message"));
    assert!(wrong.stdout.is_empty(), "a wrong run has no figures");
}

#[test]
fn a_server_that_does_not_send_on_is_told() {
    // An echo is no room.
    let settings = Settings {
        path: "/echo".into(),
        patience: Duration::from_secs(2),
        ..small(floor(false, None), 1, Pace::InFlight(1))
    };
    let error = fanout::run(&settings).expect_err("only the publisher gets anything").to_string();
    assert_eq!(error, "11 connections get nothing of what is sent to their room");
}
