//! The conformance suite, on both transports, and on the one that is an example; and what the two have written down of it, played again.

#[path = "../examples/tokio/transport.rs"]
mod transport;

use lazuli::journal::{End, Journal};
use lazuli::{Config, Handle, Hub};
use lazuli_harness::conformance::{Target, routes, run, run_inside};
use lazuli_harness::journal::Memory;
use lazuli_harness::replay_journal;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

/// One after the other: each run opens many connections and takes what the machine has.
static ALONE: Mutex<()> = Mutex::new(());

macro_rules! conforms {
    ($($name:ident $transport:ident)*) => {$(
        #[test]
        fn $name() {
            let _alone = ALONE.lock();
            let (sender, receiver) = mpsc::channel();
            let memory = Memory::default();
            let journal = Journal::to(memory.clone()).at_most(1 << 30);
            let server = thread::spawn(move || {
                let server = $transport::Server::bind("127.0.0.1:0", routes(), ()).expect("a port is free").log(|_| {});
                let server = server.journal(journal);
                let reached = (server.local_addr().expect("an address"), server.handle(), server.stopper());
                sender.send(reached).expect("the test waits");
                server.run()
            });
            let (addr, handle, stopper) = receiver.recv().expect("the server starts");
            let target = Target::new(addr, "/echo", "/limited");
            let report = run(&target);
            let say = |room: &str, text: &str| handle.to_room(room).text(text);
            let inside = run_inside(&target, say, || stopper.stop(Duration::from_secs(5)));
            server.join().expect("no panic").expect("the server ran");
            println!("{report}\n{inside}");
            assert_eq!(report.failed() + inside.failed(), 0, "{report}\n{inside}");
            let replayed = replay_journal(&memory.bytes(), routes(), ()).expect("a journal");
            println!("{} bytes: {replayed}", memory.bytes().len());
            assert!(replayed.difference.is_none() && replayed.end == Some(End::Stopped), "{replayed}");
        }
    )*};
}

conforms! {
    smol_conforms lazuli_smol
    std_conforms lazuli_std
}

/// Two hubs behind one address look like one.
#[test]
fn shards_conform() {
    let _alone = ALONE.lock();
    let mut server = lazuli_smol::Server::bind("127.0.0.1:0", routes(), ()).expect("a port is free").log(|_| {});
    let shard = server.shard(routes(), ()).expect("a shard").log(|_| {});
    let (addr, handle, stopper) = (server.local_addr().expect("an address"), server.handle(), server.stopper());
    let servers = [server, shard].map(|server| thread::spawn(|| server.run()));
    let target = Target::new(addr, "/echo", "/limited");
    let report = run(&target);
    let say = |room: &str, text: &str| handle.to_room(room).text(text);
    let inside = run_inside(&target, say, || stopper.stop(Duration::from_secs(5)));
    for server in servers {
        server.join().expect("no panic").expect("the server ran");
    }
    println!("{report}\n{inside}");
    assert_eq!(report.failed() + inside.failed(), 0, "{report}\n{inside}");
}

#[test]
fn tokio_conforms() {
    let _alone = ALONE.lock();
    let (sender, receiver) = mpsc::channel();
    let (orders, inbox) = tokio::sync::mpsc::unbounded_channel::<transport::Order<()>>();
    let server = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
            sender.send(listener.local_addr().expect("an address")).expect("the test waits");
            transport::serve(listener, Hub::new(Config::default(), routes(), ()), inbox).await;
        });
    });
    let target = Target::new(receiver.recv().expect("the server starts"), "/echo", "/limited");
    let report = run(&target);
    let from_handle = orders.clone();
    let handle: Handle = Handle::new(move |remote| {
        let order: transport::Order<()> = Box::new(move |driver, now| driver.remote(now, remote));
        assert!(from_handle.send(order).is_ok(), "the server runs");
    });
    let stop: transport::Order<()> = Box::new(|driver, now| driver.shutdown(now, now + Duration::from_secs(5)));
    let say = |room: &str, text: &str| handle.to_room(room).text(text);
    let inside = run_inside(&target, say, || assert!(orders.send(stop).is_ok(), "the server runs"));
    server.join().expect("the server ends without a panic");
    println!("{report}\n{inside}");
    assert_eq!(report.failed() + inside.failed(), 0, "{report}\n{inside}");
}

#[test]
fn the_transport_on_tokio_is_as_short_as_the_documentation_says() {
    assert!(include_str!("../examples/tokio/transport.rs").lines().count() < 150);
}
