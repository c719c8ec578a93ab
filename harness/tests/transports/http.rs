//! Plain HTTP beside the WebSockets.

use crate::client::Client;
use crate::lab::{Start, Wish};
use lazuli::driver::Settings;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Sends bytes, and reads until the server closes.
pub fn exchange(addr: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(addr).expect("the server accepts");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout can be set");
    stream.write_all(request.as_bytes()).expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the server answers and closes");
    answer
}

pub fn plain_requests_are_answered(start: Start) {
    let server = start(Wish::default());
    let get = |path| exchange(server.addr, &format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert!(get("/page").starts_with("HTTP/1.1 200 OK\r\n") && get("/page").ends_with("\r\n\r\na page"));
    assert!(get("/nothing").starts_with("HTTP/1.1 404 "));
    assert!(get("/room/x").starts_with("HTTP/1.1 426 "));
    assert!(get("/tell/x").starts_with("HTTP/1.1 405 "));
    let head = exchange(server.addr, "HEAD /page HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(head.contains("Content-Length: 6\r\n") && head.ends_with("\r\n\r\n"));
}

pub fn a_page_can_broadcast(start: Start) {
    let server = start(Wish::default());
    let mut client = Client::join(server.addr, "x");
    let answer = exchange(server.addr, "POST /tell/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    assert!(answer.starts_with("HTTP/1.1 204 "));
    assert_eq!(client.text(), "hello");
}

pub fn a_slow_request_is_cut(start: Start) {
    let settings = Settings { request_time: Duration::from_millis(200), ..Settings::default() };
    let server = start(Wish { settings, ..Wish::default() });
    assert!(exchange(server.addr, "GET /page HTTP/1.1\r\nHost").starts_with("HTTP/1.1 408 "));
}
