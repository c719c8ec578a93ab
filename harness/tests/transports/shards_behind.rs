//! Hubs that cannot follow: nobody loses anything by it.

use crate::client::Client;
use crate::lab::{self, Wish};
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

fn routes() -> Routes<Sleeps> {
    let mut routes = Routes::new();
    routes.channel("/room/:name", |_| Ok(Sits)).expect("the pattern is right");
    routes
}

/// More is said than can wait for a hub: the one that says it waits.
#[test]
fn who_is_on_a_slow_hub_misses_nothing() {
    const SAID: u32 = 80_000;
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

/// Sixty messages of sixty kilobytes wait for a hub: who reads there is not taken for slow because they come all at once.
macro_rules! large_messages_close_nobody {
    ($name:ident, $transport:ident) => {
        #[test]
        fn $name() {
            let local = Local::new();
            let server = $transport::Server::bind("127.0.0.1:0", routes(), Sleeps).expect("a port is free").log(|_| {});
            let server = server.backplane(Node(1), local.port(Node(1)));
            let (addr, stopper) = (server.local_addr().expect("an address"), server.stopper());
            let slow = server.handle();
            let running = thread::spawn(|| server.run());
            let readers: Vec<_> = (0..3).map(|_| Client::join(addr, "x")).collect();
            let elsewhere = lab::smol(Wish { backplane: Some((Node(2), local.port(Node(2)))), ..Wish::default() });
            slow.event(Duration::from_millis(300));
            let text = "x".repeat(60_000);
            (0..60).for_each(|_| elsewhere.handle.to_room("x").text(&text));
            Client::all_read(readers, 60, 60_000);
            stopper.stop(Duration::from_secs(1));
            running.join().expect("no panic").expect("it ran");
        }
    };
}

large_messages_close_nobody!(large_messages_close_nobody_on_smol, lazuli_smol);
large_messages_close_nobody!(large_messages_close_nobody_on_std, lazuli_std);
