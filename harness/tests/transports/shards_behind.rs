//! Hubs that cannot follow: nobody loses anything by it.

use crate::client::Client;
use crate::lab::{self, Running, Wish};
use crate::shards;
use lazuli::backplane::Local;
use lazuli::{App, Channel, Context, Node, Result, Routes, Scope};
use lazuli_smol::Server;
use std::thread;
use std::time::Duration;

/// An application that can be told to sleep on the job.
struct Sleeps;

impl App for Sleeps {
    type Event = Duration;
    type Effect = ();

    fn on_event(&self, _: &mut Scope<'_, Self>, event: Duration) -> Result {
        thread::sleep(event);
        Ok(())
    }
}

struct Sits;

impl Channel<Sleeps> for Sits {
    fn on_connect(&mut self, cx: &mut Context<'_, Sleeps>) -> Result {
        cx.join("x");
        cx.text(&format!("id {}", cx.conn().as_u64()));
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context<'_, Sleeps>, _: &str) -> Result {
        Ok(())
    }
}

/// More is said than can wait for a hub: the one that says it waits.
#[test]
fn who_is_on_a_slow_hub_misses_nothing() {
    const SAID: u32 = 80_000;
    let routes = || {
        let mut routes = Routes::new();
        routes.channel("/room/:name", |_| Ok(Sits)).expect("the pattern is right");
        routes
    };
    let mut server = Server::bind("127.0.0.1:0", routes(), Sleeps).expect("a port is free").log(|_| {});
    let (addr, stopper, handle) = (server.local_addr().expect("an address"), server.stopper(), server.handle());
    let shard = server.shard(routes(), Sleeps).expect("a shard").log(|_| {});
    let slow = shard.handle();
    let running = thread::spawn(|| server.run_with([shard]));
    let readers = [Client::join(addr, "x"), Client::join(addr, "x")];
    slow.event(Duration::from_secs(1));
    let read = |mut client: Client| {
        thread::spawn(move || {
            for n in 0..SAID {
                assert_eq!(client.text(), n.to_string());
            }
        })
    };
    let readers = readers.map(read);
    for n in 0..SAID {
        handle.to_room("x").text(&n.to_string());
    }
    for reader in readers {
        reader.join().expect("everything comes, in order");
    }
    stopper.stop(Duration::from_secs(1));
    running.join().expect("no panic").expect("it ran");
}

/// Sixty messages of sixty kilobytes, of one hub's client: those on another hub who read are not taken for slow.
fn who_reads_is_not_slow(addr: std::net::SocketAddr, there: std::net::SocketAddr) {
    let mut sender = Client::join(addr, "x");
    let readers: Vec<_> = (0..10).map(|_| Client::join(there, "x")).collect();
    let read = |mut client: Client| thread::spawn(move || (0..60).for_each(|_| client.skip()));
    let readers: Vec<_> = readers.into_iter().map(read).collect();
    sender.send_at_once(&"x".repeat(60_000), 60);
    for reader in readers {
        reader.join().expect("it was not closed");
    }
}

#[test]
fn large_messages_close_nobody_on_another_hub() {
    let server = shards::start(Wish::default());
    who_reads_is_not_slow(server.addr, server.addr);
    let local = Local::new();
    let wish = |node| Wish { backplane: Some((Node(node), local.port(Node(node)))), ..Wish::default() };
    let servers: [Running; 2] = [lab::smol(wish(1)), lab::std(wish(2))];
    who_reads_is_not_slow(servers[0].addr, servers[1].addr);
    who_reads_is_not_slow(servers[1].addr, servers[0].addr);
}
