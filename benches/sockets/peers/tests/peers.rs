//! Each of the servers does what the load generator asks for.

use load::dialect::Dialect;
use load::{Pace, Settings, fanout};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // What cannot be stopped has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn right_servers_pass() {
    for (program, dialect) in [
        (env!("CARGO_BIN_EXE_peer-axum"), Dialect::Plain),
        (env!("CARGO_BIN_EXE_peer-fastwebsockets"), Dialect::Plain),
        (env!("CARGO_BIN_EXE_peer-socketioxide"), Dialect::SocketIo),
        (env!("CARGO_BIN_EXE_peer-tungstenite"), Dialect::Plain),
    ] {
        let mut server = Running(Command::new(program).stdout(Stdio::piped()).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addr = line.trim().rsplit(' ').next().unwrap().parse().unwrap();
        for (in_rooms, rooms, in_flight) in [(true, 1, 1), (true, 3, 16), (false, 12, 1)] {
            let settings = Settings {
                dialect,
                rooms,
                pace: Pace::InFlight(in_flight),
                warm_up: Duration::from_millis(50),
                measure: Duration::from_millis(200),
                ..Settings::new(addr, dialect.path(in_rooms), 12)
            };
            let report = fanout::run(&settings).unwrap_or_else(|error| panic!("{program}, {rooms} rooms: {error}"));
            assert!(report.verified > 0, "{program}: nothing came");
        }
    }
}
