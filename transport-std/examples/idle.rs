//! What an idle connection costs: opens many, sends and receives on each once, and prints the growth of this process.
//!
//! `cargo run --release -p lazuli-std --example idle -- 5000`
//!
//! The clients are in the same process; they are bare sockets, so what grows is the server. Two descriptors go to each
//! connection (`ulimit -n`).

use lazuli::{Channel, Context, Result, Routes};
use lazuli_std::Server;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

struct Echo;

impl Channel for Echo {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.join("all");
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        let value: serde_json::Value = serde_json::from_str(text)?;
        cx.send(&value);
        Ok(())
    }
}

const REQUEST: &[u8] = b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let count: usize = std::env::args().nth(1).map_or(Ok(5_000), |count| count.parse())?;
    let mut routes: Routes = Routes::new();
    routes.channel("/echo", |_| Ok(Echo))?;
    let server = Server::bind("127.0.0.1:0", routes, ())?;
    let (addr, stopper) = (server.local_addr()?, server.stopper());
    let serving = std::thread::spawn(|| server.run());

    // The first one pays for what all share.
    let mut clients = vec![connect(addr)?];
    echo(&mut clients[0])?;
    let (before, pages_before) = (resident()?, status("VmPTE:")?);
    for _ in 0..count {
        clients.push(connect(addr)?);
    }
    let opened = resident()?;
    for client in &mut clients {
        echo(client)?;
    }
    std::thread::sleep(Duration::from_millis(200));
    let (idle, pages) = (resident()?, status("VmPTE:")?);
    println!("{count} connections");
    println!("resident, each just opened:          {} bytes a connection", (opened - before) / count);
    println!("resident, after one message each:    {} bytes a connection", (idle - before) / count);
    println!("page tables of the kernel, besides:  {} bytes a connection", (pages - pages_before) / count);

    drop(clients);
    stopper.stop(Duration::from_secs(5));
    serving.join().expect("the server's thread")?;
    Ok(())
}

fn connect(addr: std::net::SocketAddr) -> std::io::Result<TcpStream> {
    let mut socket = TcpStream::connect(addr)?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    socket.write_all(REQUEST)?;
    let mut head = [0; 129];
    socket.read_exact(&mut head)?;
    assert!(head.ends_with(b"\r\n\r\n"), "{}", String::from_utf8_lossy(&head));
    Ok(socket)
}

/// One text message of 64 bytes, under a mask of zeros, and its echo.
fn echo(socket: &mut TcpStream) -> std::io::Result<()> {
    let mut message = vec![0x81, 0x80 | 64, 0, 0, 0, 0];
    message.extend(format!("{{\"text\":\"{:<53}\"}}", "hello").bytes());
    socket.write_all(&message)?;
    let mut answer = [0; 66];
    socket.read_exact(&mut answer)?;
    assert_eq!(answer[2..], message[6..]);
    Ok(())
}

/// Bytes of memory in use by this process.
fn resident() -> std::io::Result<usize> {
    status("VmRSS:")
}

fn status(field: &str) -> std::io::Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    Ok(line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or(0) << 10)
}
