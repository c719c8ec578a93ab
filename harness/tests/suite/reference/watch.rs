//! The channel on which clients are told of each other, and of the time.

use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::bugs::Bug;
use super::connection::Out;
use super::frames::{TEXT, encode};
use super::head::Channel;

/// Everyone who watches: the server, the room, and where to write.
static WATCHERS: Mutex<Vec<(Place, Arc<Out>)>> = Mutex::new(Vec::new());

type Place = (SocketAddr, String);

/// One connection's part in it, if it is on that channel.
pub struct Watching {
    bug: Bug,
    place: Option<Place>,
    out: Arc<Out>,
}

impl Watching {
    pub fn begin(stream: &TcpStream, bug: Bug, channel: &Channel, out: &Arc<Out>) -> std::io::Result<Watching> {
        let place = match channel {
            Channel::Watch(room) => Some((stream.local_addr()?, room.clone())),
            Channel::Echo | Channel::Limited => None,
        };
        if let Some(place) = &place {
            WATCHERS.lock().expect("nobody panics with the lock").push((place.clone(), out.clone()));
        }
        Ok(Watching { bug, place, out: out.clone() })
    }

    /// Tells the others how the connection ended.
    pub fn end(self, code: u16, reset: bool) {
        let Some(place) = self.place else { return };
        let mut watchers = WATCHERS.lock().expect("nobody panics with the lock");
        watchers.retain(|(_, out)| !Arc::ptr_eq(out, &self.out));
        let (untold, code) = match self.bug {
            Bug::ResetsGoUntold => (reset, code),
            Bug::EndsGoUntold => (code == 1006 && !reset, code),
            Bug::EveryoneIsLost => (false, 1006),
            _ => (false, code),
        };
        if !untold {
            let others = watchers.iter().filter(|(other, _)| *other == place);
            others.for_each(|(_, out)| out.push(encode(TEXT, format!("closed {code}").as_bytes())));
        }
    }
}

/// Answers a text: at once, or if it says so, later.
pub fn answer(bug: Bug, out: &Arc<Out>, payload: Vec<u8>) {
    let millis = std::str::from_utf8(&payload).ok().and_then(|text| text.strip_prefix("wait ")?.parse().ok());
    let Some(millis) = millis else { return out.push(encode(TEXT, &payload)) };
    let out = out.clone();
    thread::spawn(move || {
        thread::sleep(match bug {
            Bug::TimersAreLate => Duration::from_millis(millis + 500),
            Bug::TimersAreEarly => Duration::from_millis(millis / 2),
            _ => Duration::from_millis(millis),
        });
        out.push(encode(TEXT, b"waited"));
    });
}
