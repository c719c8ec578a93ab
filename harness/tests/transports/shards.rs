//! Several hubs behind one address: what only they have.

use crate::client::Client;
use crate::http::exchange;
use crate::lab::{self, Lab, Running, Wish};
use lazuli::backplane::{Backplane, Incoming, Local};
use lazuli::driver::Settings;
use lazuli::{Config, ConnId, Node, Position};
use lazuli_smol::Server;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

const WITHIN: Duration = Duration::from_secs(5);

fn server() -> Server<Lab> {
    Server::bind("127.0.0.1:0", lab::routes(), Lab).expect("a port is free").log(|_| {})
}

/// Starts three hubs behind one address, each on a thread of its own. (A wish's backplane and journal are one hub's, so there may be none.)
pub fn start(wish: Wish) -> Running {
    assert!(wish.backplane.is_none() && wish.journal.is_none());
    let mut server = server().config(wish.config).settings(wish.settings).effects(lab::add);
    let stopper = server.stopper();
    let (addr, handle) = (server.local_addr().expect("an address"), server.handle());
    let shards: Vec<_> =
        (0..2).map(|_| server.shard(lab::routes(), Lab).expect("a shard").log(|_| {}).effects(lab::add)).collect();
    let thread = thread::spawn(move || server.run_with(shards));
    Running { addr, handle, stop: Box::new(move |within| stopper.stop(within)), thread: Some(thread) }
}

/// Each hub numbers its own connections, so clients in equal places are those of different hubs.
fn places(clients: &[Client]) -> Vec<usize> {
    let place = |client: &Client| ConnId::from_u64(client.id).expect("an id").index();
    let mut places: Vec<usize> = clients.iter().map(place).collect();
    places.sort_unstable();
    places
}

/// As many clients for each hub, each client in a room of its own; all hubs run then.
fn join_evenly(addr: SocketAddr, hubs: usize) -> Vec<Client> {
    let mut clients: Vec<Client> = Vec::new();
    let join = |n: usize| Client::join(addr, &n.to_string());
    // Until the others run, the first has the clients to itself.
    while places(&clients).iter().filter(|place| **place == 0).count() < hubs {
        clients.push(join(clients.len()));
    }
    let each = (clients.len() + 1 - hubs).max(4);
    clients.extend((clients.len()..hubs * each).map(join));
    clients
}

#[test]
fn each_hub_gets_as_many_clients() {
    let server = start(Wish::default());
    let clients = join_evenly(server.addr, 3);
    let even: Vec<usize> = (0..clients.len()).map(|n| n / 3).collect();
    assert_eq!(places(&clients), even);
}

/// Where everyone has left two of three hubs, newcomers go to those.
#[test]
fn who_has_left_takes_no_place() {
    let server = start(Wish::default());
    let is_at_first = |(room, client): (usize, &mut Client)| {
        // The handle is the first hub's, and no other knows this client by its id.
        server.handle.to_conn(ConnId::from_u64(client.id).expect("an id")).text("known");
        server.handle.to_room(&room.to_string()).text("end");
        let is_known = client.text() == "known";
        is_known && client.text() == "end"
    };
    let stays = |(room, mut client): (usize, Client)| is_at_first((room, &mut client)).then_some(client);
    let _stay: Vec<Client> = join_evenly(server.addr, 3).into_iter().enumerate().filter_map(stays).collect();
    // A server hears only after its client that a connection has ended, so the first may get some still.
    let end = Instant::now() + WITHIN;
    for room in (100..).step_by(3) {
        assert!(exchange(server.addr, "GET /page HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("a page"));
        let rooms = room..room + 3;
        let mut new: Vec<Client> = rooms.clone().map(|room| Client::join(server.addr, &room.to_string())).collect();
        if !rooms.zip(&mut new).any(is_at_first) {
            break;
        }
        assert!(Instant::now() < end, "the first hub gets a third of all newcomers");
    }
}

#[test]
fn a_handle_of_the_first_reaches_rooms_and_everyone_on_all() {
    let server = start(Wish::default());
    let _even = join_evenly(server.addr, 3);
    let mut clients: Vec<Client> = (0..6).map(|n| Client::join(server.addr, ["x", "y"][n / 3])).collect();
    server.handle.to_room("x").text("to the room");
    server.handle.to_all().text("to all");
    for client in &mut clients[..3] {
        assert_eq!(client.text(), "to the room");
    }
    for client in &mut clients {
        assert_eq!(client.text(), "to all");
    }
}

/// One that has stopped takes no part, and nobody notices.
#[test]
fn a_shard_may_stop_before_the_others() {
    let mut server = server();
    let (addr, stopper) = (server.local_addr().expect("an address"), server.stopper());
    let shard = server.shard(lab::routes(), Lab).expect("a shard").log(|_| {});
    let stop_shard = shard.stopper();
    let first = thread::spawn(|| server.run());
    let second = thread::spawn(|| shard.run());
    let even = join_evenly(addr, 2);
    let mut clients = [Client::join(addr, "x"), Client::join(addr, "x")];
    drop(even);
    clients[0].send("hello");
    assert_eq!(clients.each_mut().map(Client::text), ["hello", "hello"]);
    stop_shard.stop(WITHIN);
    let [mut here, mut there] = clients;
    assert_eq!(here.text(), "left 1001");
    // It still waits for the answer to its close frame, and gets no newcomers.
    for n in 0..4 {
        let mut new = Client::join(addr, "x");
        new.send(&format!("{n}"));
        assert_eq!((new.text(), here.text()), (n.to_string(), n.to_string()));
        new.close();
        assert_eq!(here.text(), "left 1005");
    }
    assert_eq!(there.close_code().0, 1001);
    drop(there);
    second.join().expect("no panic").expect("it ran");
    stopper.stop(WITHIN);
    assert_eq!(here.close_code().0, 1001);
    drop(here);
    first.join().expect("no panic").expect("it ran");
}

/// An id of another hub names nobody here, though the numbers of places are the same.
#[test]
fn an_id_of_another_hub_names_nobody() {
    let server = start(Wish::default());
    let _even = join_evenly(server.addr, 3);
    let [mut stranger, friend] = ["a", "b"].map(|room| Client::join(server.addr, room));
    let friend = ConnId::from_u64(friend.id).expect("an id");
    server.handle.to_conn(friend).text("for a friend");
    server.handle.close(friend, 4000, "for a friend");
    server.handle.to_room("a").text("for all");
    assert_eq!(stranger.text(), "for all");
}

#[test]
fn a_user_is_closed_on_all_hubs() {
    let server = start(Wish::default());
    let _even = join_evenly(server.addr, 3);
    let mut clients: Vec<Client> =
        (0..3).map(|n| Client::join(server.addr, ["x", "user-ada", "user-ada"][n])).collect();
    server.handle.close_user("ada", 4001, "no more");
    for client in &mut clients[1..] {
        assert_eq!(client.close_code(), (4001, "no more".into()));
    }
    server.handle.to_all().text("still here");
    assert_eq!(clients[0].text(), "still here");
}

#[test]
fn shards_end_with_a_first_server_that_is_never_run() {
    let mut server = server();
    let shard = server.shard(lab::routes(), Lab).expect("a shard").log(|_| {});
    let running = thread::spawn(|| shard.run());
    drop(server);
    running.join().expect("no panic").expect("it ran");
}

#[test]
fn shards_that_do_not_run_get_no_clients() {
    let mut server = server();
    let (addr, stopper) = (server.local_addr().expect("an address"), server.stopper());
    drop(server.shard(lab::routes(), Lab).expect("a shard"));
    let _idle = server.shard(lab::routes(), Lab).expect("a shard");
    let first = thread::spawn(|| server.run());
    let mut clients: Vec<Client> = (0..4).map(|_| Client::join(addr, "x")).collect();
    clients[0].send("hello");
    for client in &mut clients {
        assert_eq!(client.text(), "hello");
    }
    stopper.stop(WITHIN);
    drop(clients);
    first.join().expect("no panic").expect("it ran");
    assert!(TcpStream::connect(addr).is_err(), "nobody listens any more");
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let local = Local::new();
    let refused = |result: io::Result<()>, what: &str| {
        let error = result.expect_err("it does not run");
        assert!(error.kind() == io::ErrorKind::InvalidInput && error.to_string().contains(what), "{error}");
    };
    let mut first = server().backplane(Node(1), local.port(Node(1)));
    let shard = first.shard(lab::routes(), Lab).expect("a shard");
    refused(shard.run(), "this shard has none");
    let mut first = server();
    let shard = first.shard(lab::routes(), Lab).expect("a shard").backplane(Node(2), local.port(Node(2)));
    refused(shard.run(), "the first server has none");
    let mut shard = first.shard(lab::routes(), Lab).expect("a shard");
    refused(shard.shard(lab::routes(), Lab).map(drop), "call this on the first server");
    // What all have in common is set before there are several; and if one does not run, none does.
    type Set = fn(Server<Lab>) -> Server<Lab>;
    let sets: [(&str, Set); 3] = [
        ("`config`", |server| server.config(Config::default())),
        ("`settings`", |server| server.settings(Settings::default())),
        ("`backplane`", |server| server.backplane(Node(1), Local::new().port(Node(1)))),
    ];
    for (what, set) in sets {
        let mut first = server();
        let shard = first.shard(lab::routes(), Lab).expect("a shard");
        refused(set(first).run_with([shard]), what);
    }
    let mut first = server();
    let shard = first.shard(lab::routes(), Lab).expect("a shard").config(Config::default());
    refused(first.run_with([shard]), "`config`");
}

/// What a callback does with a panic stays there; a panic of the thread itself ends them all, and is told.
#[test]
fn a_shard_that_panics_ends_them_all() {
    struct Broken;
    impl Backplane for Broken {
        fn publish(&mut self, _: &str, _: &[u8]) {}
        fn subscribe(&mut self, _: &str, _: Option<Position>) {}
        fn unsubscribe(&mut self, _: &str) {}
        fn poll(&mut self) -> Option<Incoming> {
            panic!("a backplane without a link")
        }
        fn on_incoming(&mut self, _: Box<dyn Fn() + Send + Sync>) {}
    }
    let mut first = server().backplane(Node(1), Local::new().port(Node(1)));
    let shard = first.shard(lab::routes(), Lab).expect("a shard").log(|_| {}).backplane(Node(2), Broken);
    assert!(thread::spawn(|| first.run_with([shard])).join().is_err());
}

/// Rooms reach the clients of another process's server, and of both hubs here.
#[test]
fn shards_can_have_a_backplane_of_others_too() {
    let local = Local::new();
    let mut first = server().backplane(Node(1), local.port(Node(1)));
    let (addr, stopper) = (first.local_addr().expect("an address"), first.stopper());
    let shard = first.shard(lab::routes(), Lab).expect("a shard").log(|_| {});
    let shard = shard.backplane(Node(2), local.port(Node(2)));
    let threads = [thread::spawn(|| first.run()), thread::spawn(|| shard.run())];
    let other = lab::std(Wish { backplane: Some((Node(3), local.port(Node(3)))), ..Wish::default() });
    let even = join_evenly(addr, 2);
    let mut clients = [Client::join(addr, "x"), Client::join(addr, "x"), Client::join(other.addr, "x")];
    clients[2].send("hello");
    assert_eq!(clients.each_mut().map(Client::text), ["hello", "hello", "hello"]);
    stopper.stop(WITHIN);
    drop((even, clients));
    for thread in threads {
        thread.join().expect("no panic").expect("it ran");
    }
}
