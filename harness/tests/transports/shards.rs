//! Several hubs behind one address: what only they have.

use crate::client::Client;
use crate::http::exchange;
use crate::lab::{self, Lab, Running, Wish};
use lazuli::backplane::Local;
use lazuli::{Component, ConnId, Node, Response, Routes, html};
use lazuli_smol::Server;
use serde_json::{Value, json};
use std::io;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;
use tungstenite::Message;
use tungstenite::client::IntoClientRequest;

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
    let thread = std::thread::spawn(move || {
        std::thread::scope(|scope| {
            let shards: Vec<_> = shards.into_iter().map(|shard| scope.spawn(|| shard.run())).collect();
            server.run()?;
            shards.into_iter().try_for_each(|shard| shard.join().expect("no shard panics"))
        })
    });
    Running { addr, handle, stop: Box::new(move |within| stopper.stop(within)), thread: Some(thread) }
}

/// Each hub counts its own connections, so equal ids are those of different hubs.
#[test]
fn clients_are_dealt_out_in_turn() {
    let server = start(Wish::default());
    let clients: Vec<Client> = (0..6).map(|_| Client::join(server.addr, "x")).collect();
    let place = |client: &Client| ConnId::from_u64(client.id).expect("an id").index();
    let mut places: Vec<usize> = clients.iter().map(place).collect();
    places.sort_unstable();
    assert_eq!(places, [0, 0, 0, 1, 1, 1]);
}

#[test]
fn a_handle_of_the_first_reaches_rooms_and_everyone_on_all() {
    let server = start(Wish::default());
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
    let mut clients = [Client::join(addr, "x"), Client::join(addr, "x")];
    clients[0].send("hello");
    assert_eq!(clients.each_mut().map(Client::text), ["hello", "hello"]);
    stop_shard.stop(WITHIN);
    let [mut here, mut there] = clients;
    assert_eq!(there.close_code().0, 1001);
    assert_eq!(here.text(), "left 1001");
    drop(there);
    second.join().expect("no panic").expect("it ran");
    for n in 0..4 {
        let mut new = Client::join(addr, "x");
        new.send(&format!("{n}"));
        assert_eq!((new.text(), here.text()), (n.to_string(), n.to_string()));
        new.close();
        assert_eq!(here.text(), "left 1005");
    }
    stopper.stop(WITHIN);
    assert_eq!(here.close_code().0, 1001);
    drop(here);
    first.join().expect("no panic").expect("it ran");
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
fn who_was_dealt_to_a_shard_that_never_runs_is_let_go() {
    let mut server = server();
    let (addr, stopper) = (server.local_addr().expect("an address"), server.stopper());
    drop(server.shard(lab::routes(), Lab).expect("a shard"));
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
fn backplanes_have_to_be_given_to_all_or_to_none() {
    let local = Local::new();
    let refused = |result: io::Result<()>, what: &str| {
        let error = result.expect_err("it does not run");
        assert!(error.kind() == io::ErrorKind::InvalidInput && error.to_string().contains(what), "{error}");
    };
    let mut first = server().backplane(Node(1), local.port(Node(1)));
    let shard = first.shard(lab::routes(), Lab).expect("a shard");
    refused(shard.run(), "this shard has none");
    let mut first = server();
    let shard = first.shard(lab::routes(), Lab).expect("a shard");
    let first = first.backplane(Node(1), local.port(Node(1)));
    refused(shard.run(), "this shard has none");
    drop(first);
    let mut first = server();
    let shard = first.shard(lab::routes(), Lab).expect("a shard").backplane(Node(2), local.port(Node(2)));
    refused(shard.run(), "the first server has none");
    let mut shard = first.shard(lab::routes(), Lab).expect("a shard");
    refused(shard.shard(lab::routes(), Lab).map(drop), "call this on the first server");
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
    let mut clients = [Client::join(addr, "x"), Client::join(addr, "x"), Client::join(other.addr, "x")];
    clients[2].send("hello");
    assert_eq!(clients.each_mut().map(Client::text), ["hello", "hello", "hello"]);
    stopper.stop(WITHIN);
    drop(clients);
    for thread in threads {
        thread.join().expect("no panic").expect("it ran");
    }
}

struct Shown(u32);

impl Component for Shown {
    fn render(&self) -> impl html::Render {
        html! { p { (self.0) } }
    }
}

fn pages() -> Routes {
    let mut routes = Routes::new();
    routes.spark("/spark").expect("the pattern is right");
    let shown = routes.component("shown", |_, start| Ok(Shown(start))).expect("the name is free");
    let page = routes.get("/", move |cx, request| Ok(Response::html(cx.show(&shown, request, &7)?.to_string())));
    page.expect("the pattern is right");
    routes
}

/// The first hub makes the page; its component comes alive on either.
#[test]
fn a_page_of_one_hub_comes_alive_on_another() {
    let mut server = Server::bind("127.0.0.1:0", pages(), ()).expect("a port is free").log(|_| {});
    let shard = server.shard(pages(), ()).expect("a shard").log(|_| {});
    let (addr, stopper) = (server.local_addr().expect("an address"), server.stopper());
    let servers = [server, shard].map(|server| thread::spawn(|| server.run()));
    let page = exchange(addr, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let between = |before: &str, after: &str| {
        let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("{before} is not in {page}"));
        rest.split(after).next().expect("a part").to_owned()
    };
    let (cookie, token) = (between("Set-Cookie: ", ";"), between("data-spark=\"", "\""));
    for hub in [1, 0] {
        let mut request = format!("ws://{addr}/spark").into_client_request().expect("a request");
        request.headers_mut().insert("Cookie", cookie.parse().expect("a header"));
        let stream = TcpStream::connect(addr).expect("the server accepts");
        let (mut socket, _) = tungstenite::client(request, stream).expect("the upgrade succeeds");
        let mount = json!({ "type": "component_mount", "token": token, "ref": 1 });
        socket.send(Message::text(mount.to_string())).expect("the server reads");
        let reply = loop {
            let message = socket.read().expect("an answer");
            let value: Value = serde_json::from_str(message.to_text().expect("a text")).expect("JSON");
            if value["type"] == "reply" {
                break value;
            }
        };
        assert_eq!(reply["status"], "ok", "hub {hub}: {reply}");
    }
    stopper.stop(WITHIN);
    for server in servers {
        server.join().expect("no panic").expect("it ran");
    }
}
