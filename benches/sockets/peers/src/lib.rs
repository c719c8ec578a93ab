//! What the servers of other libraries share: one thread of tokio, and rooms by name. Each server is in the shape of its
//! library's own chat example, with its defaults, and does the least that the load generator asks for.

use lexopt::{Arg, ValueExt};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::broadcast;

/// So many messages a slow member of a [`Broadcast`] may be behind, before it loses some.
const BEHIND: usize = 1_024;

/// Runs a server as the command line says: `[ADDR] [--read-buffer BYTES]`. The system chooses a port where no address is
/// given; the library has its own read buffer where no size is given, and gets the size otherwise.
///
/// # Errors
/// When it cannot listen there.
pub fn serve<S: Future<Output = io::Result<()>>>(
    server: impl FnOnce(TcpListener, Option<usize>) -> S,
) -> io::Result<()> {
    let (mut addr, mut buffer) = (SocketAddr::from(([127, 0, 0, 1], 0)), None);
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next().map_err(io::Error::other)? {
        match arg {
            Arg::Value(value) => addr = value.parse().map_err(io::Error::other)?,
            Arg::Long("read-buffer") => {
                buffer = Some(args.value().and_then(|value| value.parse()).map_err(io::Error::other)?);
            }
            other => return Err(io::Error::other(other.unexpected())),
        }
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(addr)?;
        let listener = socket.listen(4_096)?;
        println!("listening on {}", listener.local_addr()?);
        server(listener, buffer).await
    })
}

/// The next connection; what is written to it goes out at once.
///
/// # Errors
/// When the system has none left.
pub async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Where the messages of a connection go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Back.
    Echo,
    /// To all in the room of this name.
    Room(String),
}

impl Place {
    /// The place that a path stands for.
    pub fn of(path: &str) -> Place {
        match path.strip_prefix("/chat/") {
            Some(room) => Place::Room(room.to_owned()),
            None => Place::Echo,
        }
    }
}

/// Rooms by name.
pub struct Rooms<T>(Mutex<HashMap<String, T>>);

impl<T> Default for Rooms<T> {
    fn default() -> Self {
        Rooms(Mutex::default())
    }
}

impl<T: Default> Rooms<T> {
    /// Looks into a room.
    ///
    /// # Panics
    /// When `look` has panicked before.
    pub fn with<R>(&self, name: &str, look: impl FnOnce(&mut T) -> R) -> R {
        let mut rooms = self.0.lock().expect("nobody panics in a room");
        match rooms.get_mut(name) {
            Some(room) => look(room),
            None => look(rooms.entry(name.to_owned()).or_default()),
        }
    }
}

/// A room as a broadcast channel.
pub struct Broadcast<T>(pub broadcast::Sender<T>);

impl<T: Clone> Default for Broadcast<T> {
    fn default() -> Self {
        Broadcast(broadcast::channel(BEHIND).0)
    }
}
