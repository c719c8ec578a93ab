//! tokio-tungstenite, like its chat example: a map of connections, each with a task and an unbounded channel that is
//! forwarded to its socket.

use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::future::{Either, select};
use futures_util::{SinkExt, StreamExt, TryStreamExt};
use peers::{Place, Rooms, accept, serve};
use std::collections::HashMap;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

type Members = HashMap<u64, UnboundedSender<Message>>;

fn main() -> io::Result<()> {
    serve(listen)
}

async fn listen(listener: TcpListener, buffer: Option<usize>) -> io::Result<()> {
    let config = buffer.map(|bytes| WebSocketConfig::default().read_buffer_size(bytes));
    let rooms = Arc::new(Rooms::<Members>::default());
    for id in 0.. {
        tokio::spawn(connection(accept(&listener).await?, id, config, rooms.clone()));
    }
    Ok(())
}

async fn connection(
    stream: TcpStream,
    id: u64,
    config: Option<WebSocketConfig>,
    rooms: Arc<Rooms<Members>>,
) -> Result<(), Error> {
    let mut place = Place::Echo;
    // The type of the callback's error is the library's.
    #[expect(clippy::result_large_err)]
    let look = |request: &Request, response: Response| {
        place = Place::of(request.uri().path());
        Ok(response)
    };
    let socket = accept_hdr_async_with_config(stream, look, config).await?;
    match place {
        Place::Echo => echo(socket).await,
        Place::Room(room) => {
            let result = chat(socket, id, &room, &rooms).await;
            rooms.with(&room, |members| members.remove(&id));
            result
        }
    }
}

async fn echo(mut socket: WebSocketStream<TcpStream>) -> Result<(), Error> {
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

async fn chat(socket: WebSocketStream<TcpStream>, id: u64, room: &str, rooms: &Rooms<Members>) -> Result<(), Error> {
    let (sender, receiver) = unbounded();
    rooms.with(room, |members| members.insert(id, sender));
    let (out, incoming) = socket.split();
    let said = incoming.try_for_each(|message| {
        if message.is_text() {
            rooms.with(room, |members| {
                for member in members.values() {
                    // One that has gone is taken out by its own task.
                    let _ = member.unbounded_send(message.clone());
                }
            });
        }
        std::future::ready(Ok(()))
    });
    match select(pin!(said), pin!(receiver.map(Ok).forward(out))).await {
        Either::Left((result, _)) | Either::Right((result, _)) => result,
    }
}
