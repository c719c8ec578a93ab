//! socketioxide, like its chat example: a layer of axum, and for each connection a handler of its messages.

use axum::Router;
use axum::serve::ListenerExt;
use peers::serve;
use socketioxide::SocketIo;
use socketioxide::extract::{Data, SocketRef};
use std::io;
use tokio::net::TcpListener;

fn main() -> io::Result<()> {
    // The read buffer is engineioxide's, and has no setting.
    serve(|listener, _| listen(listener))
}

async fn listen(listener: TcpListener) -> io::Result<()> {
    let (layer, io) = SocketIo::new_layer();
    io.ns("/", connected);
    let listener = listener.tap_io(|stream| {
        // Without it a run is slow, and that is seen.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, Router::new().layer(layer)).await
}

/// Who names a room in the query is in it, and others get back what they say.
async fn connected(socket: SocketRef) {
    let query = socket.req_parts().uri.query().unwrap_or_default();
    match query.split('&').find_map(|pair| pair.strip_prefix("room=")) {
        Some(room) => {
            let room = room.to_owned();
            socket.join(room.clone());
            socket.on("message", async move |socket: SocketRef, Data::<String>(text)| {
                // Who has gone meanwhile needs nothing; who is missing something says so.
                let _ = socket.within(room).emit("message", &text).await;
            });
        }
        None => socket.on("message", async |socket: SocketRef, Data::<String>(text)| {
            let _ = socket.emit("message", &text);
        }),
    }
}
