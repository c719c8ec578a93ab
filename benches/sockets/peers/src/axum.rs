//! axum, like its chat example: a broadcast channel for each room, and for each connection a task that sends what comes
//! out of it.

use axum::Router;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use axum::serve::ListenerExt;
use futures_util::{SinkExt, StreamExt};
use peers::{Rooms, serve};
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::broadcast;

/// So many messages a slow member may be behind, before it loses some.
const BEHIND: usize = 1_024;

struct Room(broadcast::Sender<Utf8Bytes>);

impl Default for Room {
    fn default() -> Self {
        Room(broadcast::channel(BEHIND).0)
    }
}

fn main() -> io::Result<()> {
    serve(listen)
}

async fn listen(listener: TcpListener) -> io::Result<()> {
    let router = Router::new()
        .route("/chat/{room}", get(chat))
        .route("/echo", get(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo)))
        .with_state(Arc::new(Rooms::<Room>::default()));
    let listener = listener.tap_io(|stream| {
        // Without it a run is slow, and that is seen.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, Message::Text(_)) && socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn chat(upgrade: WebSocketUpgrade, Path(room): Path<String>, State(rooms): State<Arc<Rooms<Room>>>) -> Response {
    upgrade.on_upgrade(async move |socket| {
        let sender = rooms.with(&room, |room| room.0.clone());
        let mut receiver = sender.subscribe();
        let (mut out, mut incoming) = socket.split();
        let forward = tokio::spawn(async move {
            while let Ok(text) = receiver.recv().await {
                if out.send(Message::Text(text)).await.is_err() {
                    break;
                }
            }
        });
        while let Some(Ok(message)) = incoming.next().await {
            if let Message::Text(text) = message {
                // There is a receiver as long as this member is here.
                let _ = sender.send(text);
            }
        }
        forward.abort();
    })
}
