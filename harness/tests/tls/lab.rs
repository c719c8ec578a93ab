//! Servers with TLS of both transports, and what it takes to talk to them.

use lazuli::driver::Settings;
use lazuli::journal::Journal;
use lazuli::{Channel, Context, Result, Routes};
use lazuli_harness::conformance;
use lazuli_harness::journal::Memory;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tungstenite::{Message, WebSocket};

/// Nothing that a test waits for takes longer, unless it is broken.
pub const PATIENCE: Duration = Duration::from_secs(20);

struct Chat(String);

impl Channel for Chat {
    fn on_connect(&mut self, cx: &mut Context<'_>) -> Result {
        cx.join(&self.0);
        cx.text("welcome");
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> Result {
        match text.strip_prefix("flood ") {
            Some(size) => cx.to_room(&self.0).binary(&vec![7; size.parse()?]),
            None => cx.to_room(&self.0).text(text),
        }
        Ok(())
    }

    fn on_close(&mut self, cx: &mut Context<'_>, code: u16, _reason: &str) -> Result {
        cx.to_room(&self.0).text(&format!("left {code}"));
        Ok(())
    }
}

/// What the conformance suite asks for, and a chat.
pub fn routes() -> Routes {
    let mut routes = conformance::routes();
    routes.channel("/chat/:room", |join| Ok(Chat(join.param("room").into()))).expect("the pattern is right");
    routes
}

/// Both sides' configurations, with a certificate that is made once. Both would take early data.
pub fn configs() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    static CONFIGS: OnceLock<(Arc<ServerConfig>, Arc<ClientConfig>)> = OnceLock::new();
    let make = || {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let server = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.clone()], key);
        let mut roots = RootCertStore::empty();
        roots.add(certificate).expect("the certificate is one");
        let mut client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let mut server = server.expect("certificate and key fit");
        (server.max_early_data_size, client.enable_early_data) = (1_000, true);
        (Arc::new(server), Arc::new(client))
    };
    CONFIGS.get_or_init(make).clone()
}

/// A server in a thread of its own.
pub struct Running {
    pub addr: SocketAddr,
    stop: Box<dyn Fn(Duration)>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
    /// What it wrote down.
    pub journal: Memory,
}

impl Running {
    pub fn stop(&mut self) {
        (self.stop)(Duration::from_secs(5));
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server does not panic").expect("the server runs");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        (self.stop)(Duration::from_millis(100));
    }
}

pub type Start = fn(Settings) -> Running;

macro_rules! starter {
    ($name:ident, $transport:ident) => {
        /// Starts a server on this transport.
        pub fn $name(settings: Settings) -> Running {
            let (sender, receiver) = mpsc::channel();
            let memory = Memory::default();
            let journal = Journal::to(memory.clone());
            let thread = std::thread::spawn(move || {
                let server = $transport::Server::bind("127.0.0.1:0", routes(), ())?
                    .settings(settings)
                    .tls(configs().0)
                    .journal(journal)
                    .log(|_| {});
                let stopper = server.stopper();
                let stop: Box<dyn Fn(Duration) + Send> = Box::new(move |within| stopper.stop(within));
                sender.send((server.local_addr()?, stop)).expect("the test waits");
                server.run()
            });
            let (addr, stop) = receiver.recv().expect("the server starts");
            Running { addr, stop, thread: Some(thread), journal: memory }
        }
    };
}

starter!(smol, lazuli_smol);
starter!(std, lazuli_std);

/// Starts a server of three hubs. (The journal is the first one's.)
pub fn shards(settings: Settings) -> Running {
    let memory = Memory::default();
    let server = lazuli_smol::Server::bind("127.0.0.1:0", routes(), ()).expect("a port is free");
    let mut server = server.settings(settings).tls(configs().0).journal(Journal::to(memory.clone())).log(|_| {});
    let (addr, stopper) = (server.local_addr().expect("an address"), server.stopper());
    let shards: Vec<_> = (0..2).map(|_| server.shard(routes(), ()).expect("a shard").log(|_| {})).collect();
    let thread = std::thread::spawn(move || server.run_with(shards));
    Running { addr, stop: Box::new(move |within| stopper.stop(within)), thread: Some(thread), journal: memory }
}

/// A socket that writes at most so many bytes at once.
pub struct Narrow(pub TcpStream, pub usize);

impl Read for Narrow {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(&bytes[..bytes.len().min(self.1)])
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

pub type Secure = StreamOwned<ClientConnection, Narrow>;

pub fn connect(addr: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(addr).expect("the server accepts");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    socket.set_write_timeout(Some(PATIENCE)).expect("a timeout can be set");
    socket.set_nodelay(true).expect("it can be set");
    socket
}

/// A TLS stream on which nothing is said yet.
pub fn secure(addr: SocketAddr, write: usize) -> Secure {
    let name = ServerName::try_from("localhost").expect("a name");
    let session = ClientConnection::new(configs().1, name).expect("the configuration is right");
    StreamOwned::new(session, Narrow(connect(addr), write))
}

/// A client by tungstenite over rustls.
pub struct Client(pub WebSocket<Secure>);

impl Client {
    pub fn open(addr: SocketAddr, path: &str) -> Client {
        Client::over(secure(addr, usize::MAX), path)
    }

    pub fn over(stream: Secure, path: &str) -> Client {
        let (socket, _) = tungstenite::client(format!("wss://localhost{path}"), stream).expect("the upgrade succeeds");
        Client(socket)
    }

    pub fn send(&mut self, message: impl Into<Message>) {
        self.0.send(message.into()).expect("the server reads");
    }

    pub fn read(&mut self) -> Message {
        self.0.read().expect("a message comes")
    }

    pub fn text(&mut self) -> String {
        match self.read() {
            Message::Text(text) => text.as_str().into(),
            other => panic!("expected a text, got {other:?}"),
        }
    }

    /// Reads on until the close frame; its code.
    pub fn close_code(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.read() {
                return frame.expect("a code").code.into();
            }
        }
    }

    /// After the close frames: the stream ends by `close_notify`, which tells its end from a cut.
    pub fn ends_cleanly(mut self) {
        assert!(matches!(self.0.read(), Err(tungstenite::Error::ConnectionClosed)));
        assert_eq!(self.0.get_mut().read(&mut [0; 16]).expect("close_notify before the end of the stream"), 0);
    }
}
