//! Connections that come and go, with servers that are right and with ones that are wrong. Each server has a process of its
//! own, because its memory and descriptors are looked at: this program, started again.

use floor::Wrong;
use load::Settings;
use load::churn::{Churned, Plan, run};
use std::io::{self, BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Tells the process of a server which one it is.
const SERVER: &str = "SOCKETS_LOAD_SERVER";

#[test]
#[ignore = "no test: it is what the others start"]
fn server() {
    let Ok(name) = std::env::var(SERVER) else { return };
    match name.as_str() {
        "lazuli-smol" => {
            let server = lazuli_smol::Server::bind("127.0.0.1:0", served::routes().unwrap(), ()).unwrap();
            println!("\nlistening on {}", server.local_addr().unwrap());
            server.run().unwrap();
        }
        "lazuli-std" => {
            let server = lazuli_std::Server::bind("127.0.0.1:0", served::routes().unwrap(), ()).unwrap();
            println!("\nlistening on {}", server.local_addr().unwrap());
            server.run().unwrap();
        }
        floor => {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            println!("\nlistening on {}", listener.local_addr().unwrap());
            floor::serve(&listener, false, Wrong::by_name(floor).ok()).unwrap();
        }
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // What cannot be stopped has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Forty connections in four rooms, of which so many go and come in a minute.
fn churn(server: &str, reopened: f64, patience: u64) -> io::Result<Churned> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "server", "--ignored", "--nocapture"]).env(SERVER, server);
    let mut running = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let addr = lines.find_map(|line| line.strip_prefix("listening on ").map(str::to_owned)).unwrap();
    let settings = Settings {
        rooms: 4,
        patience: Duration::from_secs(patience),
        process: Some(running.0.id()),
        ..Settings::new(addr.parse().unwrap(), "/chat/{room}", 40)
    };
    let plan = Plan {
        time: Duration::from_secs(4),
        per_minute: reopened / 0.4,
        says_every: Duration::from_millis(500),
        sample_every: Duration::from_millis(100),
        leak: Some(100_000.0),
        ..Plan::default()
    };
    run(&settings, &plan)
}

#[test]
fn right_servers_pass() {
    for server in ["floor", "lazuli-smol", "lazuli-std"] {
        let churned = churn(server, 1_200.0, 30).unwrap_or_else(|error| panic!("{server}: {error}"));
        // Twenty a second for four seconds, and from each of forty two messages a second to ten.
        // Who is not in the room yet, because the machine is slow, neither goes nor speaks.
        assert!((40..=81).contains(&churned.reopened), "{server}: {churned:?}");
        assert!((160..=322).contains(&churned.said), "{server}: {churned:?}");
        // Who comes or goes while a message is on its way may miss it.
        assert!(churned.verified >= churned.said * 9 && churned.verified <= churned.said * 11, "{server}: {churned:?}");
        assert!(churned.before > 0 && churned.largest >= churned.start, "{server}: {churned:?}");
    }
}

#[test]
fn each_fault_of_a_server_is_told() {
    for (wrong, reopened, words) in [
        // The one that does not get the message should not be about to go anyway.
        ("drop", 60.0, "never got message "),
        ("double", 60.0, " twice"),
        ("leak", 1_200.0, "for each connection that is opened again"),
        ("keep", 1_200.0, "descriptors, where "),
        ("deaf", 1_200.0, "sent a close frame, and its socket is not closed"),
    ] {
        let error = churn(wrong, reopened, 2).expect_err("the server was wrong").to_string();
        assert!(error.contains(words), "{wrong}: {error}");
    }
}
