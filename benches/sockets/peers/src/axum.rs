//! axum, like its chat example: a broadcast channel for each room, and for each connection a task that sends what comes
//! out of it.

use axum::Router;
use axum::extract::Path;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::routing::get;
use axum::serve::ListenerExt;
use futures_util::{SinkExt, StreamExt};
use peers::{Broadcast, Rooms, serve};
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::broadcast;

fn main() -> io::Result<()> {
    serve(listen)
}

async fn listen(listener: TcpListener, buffer: Option<usize>) -> io::Result<()> {
    let sized = move |upgrade: WebSocketUpgrade| match buffer {
        Some(bytes) => upgrade.read_buffer_size(bytes),
        None => upgrade,
    };
    let rooms = Arc::new(Rooms::<Broadcast<Utf8Bytes>>::default());
    let router = Router::new()
        .route(
            "/chat/{room}",
            get(async move |upgrade, Path(room): Path<String>| {
                let room = rooms.with(&room, |room| room.0.clone());
                sized(upgrade).on_upgrade(|socket| chat(socket, room))
            }),
        )
        .route("/echo", get(async move |upgrade| sized(upgrade).on_upgrade(echo)));
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

async fn chat(socket: WebSocket, room: broadcast::Sender<Utf8Bytes>) {
    let mut receiver = room.subscribe();
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
            let _ = room.send(text);
        }
    }
    forward.abort();
}
