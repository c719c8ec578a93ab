//! WebSocket clients of channels.

use super::world::{Sent, World};
use super::{Failed, Site};
use lazuli::{App, ConnId, Kind, Message};
use serde::Serialize;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// A WebSocket on a channel of a site.
///
/// ```
/// # use lazuli::html::Render;
/// # use lazuli::{Channel, ChannelMessage, Component, Context, Response, Result, Routes, html};
/// # use lazuli_harness::page::Site;
/// # struct Room(Vec<String>);
/// # impl Component for Room {
/// #     fn render(&self) -> impl Render {
/// #         html! { ol { @for (n, line) in self.0.iter().enumerate() key=(n) { li { (line) } } } }
/// #     }
/// #     fn on_mount(&mut self, cx: &mut Context) -> Result {
/// #         cx.join("room");
/// #         Ok(())
/// #     }
/// #     fn on_channel_message(&mut self, _: &mut Context, message: &ChannelMessage) -> Result {
/// #         self.0.extend(message.text().map(str::to_owned));
/// #         Ok(())
/// #     }
/// # }
/// # struct Talk;
/// # impl Channel for Talk {
/// #     fn on_connect(&mut self, cx: &mut Context) -> Result {
/// #         cx.join("room");
/// #         Ok(())
/// #     }
/// #     fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
/// #         cx.to_room("room").text(text);
/// #         Ok(())
/// #     }
/// # }
/// # let mut routes: Routes = Routes::new();
/// # routes.spark("/spark")?;
/// # routes.channel("/talk", |_| Ok(Talk))?;
/// # let room = routes.component("room", |_, (): ()| Ok(Room(Vec::new())))?;
/// # routes.get("/room", move |cx, request| Response::page(&cx.show(&room, request, &())?).map_err(Into::into))?;
/// let site = Site::new(routes, ());
/// let client = site.connect("/talk")?;
/// client.send_json(&serde_json::json!({ "text": "hello" }));
/// assert_eq!(client.sent_json()[0]["text"], "hello");
/// client.close();
/// assert_eq!(site.stats().connections, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is the crate's `TestClient`.
pub struct Client {
    world: Rc<RefCell<World>>,
    conn: ConnId,
    /// How many texts were received.
    received: Cell<usize>,
}

impl Client {
    pub(super) fn new(world: Rc<RefCell<World>>, conn: ConnId) -> Client {
        Client { world, conn, received: Cell::new(0) }
    }

    /// Opens a WebSocket on a channel of a site; see [`Site::connect`].
    ///
    /// # Errors
    /// When it is refused.
    #[track_caller]
    pub fn connect<A: App>(site: &Site<A>, path: &str) -> Result<Client, Failed> {
        site.connect(path)
    }

    /// Sends a text.
    #[track_caller]
    pub fn send(&self, text: &str) {
        let mut world = self.world.borrow_mut();
        world.say(self.conn, Message::Text(text));
        world.step();
    }

    /// Sends something as JSON.
    #[track_caller]
    pub fn send_json(&self, value: &impl Serialize) {
        self.send(&serde_json::to_string(value).expect("what a test sends has JSON"));
    }

    /// Sends bytes.
    #[track_caller]
    pub fn send_binary(&self, bytes: &[u8]) {
        let mut world = self.world.borrow_mut();
        world.say(self.conn, Message::Binary(bytes));
        world.step();
    }

    /// The next text that this client was sent, each once; `None` if there is no more of them yet.
    ///
    /// ```
    /// # use lazuli::{Channel, Context, Result, Routes};
    /// # use lazuli_harness::{TestClient, page::Site};
    /// # struct Echo;
    /// # impl Channel for Echo {
    /// #     fn on_message(&mut self, cx: &mut Context, text: &str) -> Result { cx.text(text); Ok(()) }
    /// # }
    /// # let mut routes: Routes = Routes::new();
    /// # routes.channel("/echo", |_| Ok(Echo))?;
    /// # let site = Site::new(routes, ());
    /// let client = TestClient::connect(&site, "/echo")?;
    /// client.send("one");
    /// client.send("two");
    /// assert_eq!(client.receive().as_deref(), Some("one"));
    /// assert_eq!(client.receive().as_deref(), Some("two"));
    /// assert_eq!(client.receive(), None);
    /// assert_eq!(client.sent_messages(), ["one", "two"], "these stay");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receive(&self) -> Option<String> {
        let text = self.sent_messages().into_iter().nth(self.received.get())?;
        self.received.set(self.received.get() + 1);
        Some(text)
    }

    /// The texts that this client was sent, all of them.
    pub fn sent_messages(&self) -> Vec<String> {
        let frames = |sent: &Sent| match sent {
            Sent::Frame(frame) if frame.kind() == Kind::Text => {
                Some(String::from_utf8_lossy(frame.payload()).into_owned())
            }
            _ => None,
        };
        self.look(frames)
    }

    /// The texts that this client was sent and that are JSON, as JSON.
    pub fn sent_json(&self) -> Vec<Value> {
        self.sent_messages().iter().filter_map(|text| serde_json::from_str(text).ok()).collect()
    }

    /// The binary messages that this client was sent.
    pub fn sent_binary(&self) -> Vec<Vec<u8>> {
        self.look(|sent| match sent {
            Sent::Frame(frame) if frame.kind() == Kind::Binary => Some(frame.payload().to_vec()),
            _ => None,
        })
    }

    /// Code and reason, if the server has closed the connection.
    pub fn closed(&self) -> Option<(u16, String)> {
        let closed = |sent: &Sent| match sent {
            Sent::Closed(code, reason) => Some((*code, reason.clone())),
            Sent::Frame(_) => None,
        };
        self.look(closed).pop()
    }

    /// Closes the connection in order. What it was sent is gone then.
    #[track_caller]
    pub fn close(&self) {
        let mut world = self.world.borrow_mut();
        world.hang_up(self.conn, Some(1000));
        world.step();
    }

    fn look<T>(&self, what: impl Fn(&Sent) -> Option<T>) -> Vec<T> {
        let world = self.world.borrow();
        world.inboxes.get(&self.conn).map_or_else(Vec::new, |inbox| inbox.iter().filter_map(what).collect())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Ok(mut world) = self.world.try_borrow_mut() {
            world.hang_up(self.conn, Some(1000));
            if !std::thread::panicking() {
                world.settle();
            }
        }
    }
}
