//! The conformance suite over TLS: it speaks plaintext to a tunnel, which speaks TLS to the server.

use crate::lab::{Start, configs, connect};
use lazuli::driver::Settings;
use lazuli_harness::conformance::{Target, run};
use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Takes plaintext connections, and opens one with TLS for each; where.
fn open(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let addr = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for inside in listener.incoming() {
            let inside = inside.expect("a client of the suite");
            thread::spawn(move || join(inside, connect(server)));
        }
    });
    addr
}

/// Carries bytes between both until each has ended. What ends a direction here ends it there.
fn join(inside: TcpStream, mut outside: TcpStream) -> io::Result<()> {
    // The suite has its own patience, and the server too.
    outside.set_read_timeout(None)?;
    outside.set_write_timeout(None)?;
    inside.set_nodelay(true)?;
    let name = ServerName::try_from("localhost").expect("a name");
    let mut session = ClientConnection::new(configs().1, name).expect("the configuration is right");
    session.complete_io(&mut outside)?;
    session.set_buffer_limit(None);
    let session = Arc::new(Mutex::new(session));
    let up = {
        let (session, inside, outside) = (session.clone(), inside.try_clone()?, outside.try_clone()?);
        thread::spawn(move || upwards(&session, &inside, &outside))
    };
    let down = downwards(&session, &inside, &outside);
    // The server's end, in order or not, is the end of all.
    if down.is_err() {
        let _ = inside.shutdown(Shutdown::Both);
        let _ = outside.shutdown(Shutdown::Both);
    }
    let _ = up.join();
    Ok(())
}

fn upwards(session: &Mutex<ClientConnection>, mut inside: &TcpStream, mut outside: &TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = inside.read(&mut buffer).unwrap_or(0);
        let mut bytes = Vec::new();
        {
            let mut session = session.lock().expect("no panic");
            match length {
                0 => session.send_close_notify(),
                _ => session.writer().write_all(&buffer[..length])?,
            }
            while session.wants_write() {
                session.write_tls(&mut bytes)?;
            }
        }
        outside.write_all(&bytes)?;
        if length == 0 {
            return outside.shutdown(Shutdown::Write);
        }
    }
}

fn downwards(session: &Mutex<ClientConnection>, mut inside: &TcpStream, mut outside: &TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = outside.read(&mut buffer)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut rest = &buffer[..length];
        let mut plain = Vec::new();
        let mut session = session.lock().expect("no panic");
        let mut closed = false;
        while !rest.is_empty() && !closed {
            session.read_tls(&mut rest)?;
            let state = session.process_new_packets().map_err(io::Error::other)?;
            let start = plain.len();
            plain.resize(start + state.plaintext_bytes_to_read(), 0);
            session.reader().read_exact(&mut plain[start..])?;
            closed = state.peer_has_closed();
        }
        drop(session);
        inside.write_all(&plain)?;
        if closed {
            return inside.shutdown(Shutdown::Write);
        }
    }
}

/// One after the other: each run opens many connections and takes what the machine has.
static ALONE: Mutex<()> = Mutex::new(());

pub fn it_conforms(start: Start) {
    let _alone = ALONE.lock();
    let server = start(Settings::default());
    let report = run(&Target::new(open(server.addr), "/echo", "/limited"));
    println!("{report}");
    assert_eq!(report.failed(), 0, "{report}");
}
