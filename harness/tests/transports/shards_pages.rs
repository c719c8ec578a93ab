//! Pages and their components, where there are several hubs behind one address.

use crate::http::exchange;
use lazuli::journal::{End, Journal};
use lazuli::{Component, Response, Routes, html};
use lazuli_harness::journal::Memory;
use lazuli_harness::replay_journal;
use lazuli_smol::Server;
use serde_json::{Value, json};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;
use tungstenite::Message;
use tungstenite::client::IntoClientRequest;

const WITHIN: Duration = Duration::from_secs(5);

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

/// The first hub makes the page; its component comes alive on either, and the journals of both can be played again.
#[test]
fn a_page_of_one_hub_comes_alive_on_another() {
    let journals = [Memory::default(), Memory::default()];
    let server = Server::bind("127.0.0.1:0", pages(), ()).expect("a port is free").log(|_| {});
    let mut server = server.journal(Journal::to(journals[0].clone()));
    let shard = server.shard(pages(), ()).expect("a shard").log(|_| {}).journal(Journal::to(journals[1].clone()));
    let (addr, stopper) = (server.local_addr().expect("an address"), server.stopper());
    let servers = [server, shard].map(|server| thread::spawn(|| server.run()));
    let page = exchange(addr, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let between = |before: &str, after: &str| {
        let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("{before} is not in {page}"));
        rest.split(after).next().expect("a part").to_owned()
    };
    let (cookie, token) = (between("Set-Cookie: ", ";"), between("data-spark=\"", "\""));
    // A socket that stays makes the next one go to the other hub.
    let mut sockets = Vec::new();
    for hub in [0, 1] {
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
        sockets.push(socket);
    }
    drop(sockets);
    stopper.stop(WITHIN);
    for server in servers {
        server.join().expect("no panic").expect("it ran");
    }
    for journal in journals {
        let replayed = replay_journal(&journal.bytes(), pages(), ()).expect("a journal");
        assert!(replayed.difference.is_none() && replayed.end == Some(End::Stopped), "{replayed}");
    }
}
