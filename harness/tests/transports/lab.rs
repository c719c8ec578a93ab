//! An application that has something of everything, and servers of both transports that run it.

use lazuli::backplane::Port;
use lazuli::driver::Settings;
use lazuli::journal::Journal;
use lazuli::{App, Channel, Config, Context, Handle, Node, Response, Result, Routes, Scope};
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// The application: it has a sum worked out outside the core, and says the result in a room.
pub struct Lab;

/// The sum is done.
pub struct Sum {
    pub room: String,
    pub value: u64,
}

/// A sum to do.
pub struct Add {
    pub room: String,
    pub numbers: Vec<u64>,
}

impl App for Lab {
    type Event = Sum;
    type Effect = Add;

    fn on_event(&self, cx: &mut Scope<'_, Self>, event: Sum) -> Result {
        cx.to_room(&event.room).text(&format!("sum {}", event.value));
        Ok(())
    }
}

struct Member {
    room: String,
}

impl Channel<Lab> for Member {
    fn on_connect(&mut self, cx: &mut Context<'_, Lab>) -> Result {
        cx.join(&self.room);
        if let Some(user) = self.room.strip_prefix("user-") {
            cx.identify(user);
        }
        cx.text(&format!("id {}", cx.conn().as_u64()));
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_, Lab>, text: &str) -> Result {
        if let Some(numbers) = text.strip_prefix("add ") {
            let numbers = numbers.split(' ').map(str::parse).collect::<Result<_, _>>()?;
            cx.effect(Add { room: self.room.clone(), numbers });
        } else if text == "panic" {
            cx.to_room(&self.room).text("never heard");
            panic!("as asked");
        } else if let Some(size) = text.strip_prefix("flood ") {
            cx.to_room(&self.room).binary(&vec![7; size.parse()?]);
        } else {
            cx.to_room(&self.room).text(text);
        }
        Ok(())
    }

    fn on_close(&mut self, cx: &mut Context<'_, Lab>, code: u16, _reason: &str) -> Result {
        cx.to_room(&self.room).text(&format!("left {code}"));
        Ok(())
    }
}

pub fn routes() -> Routes<Lab> {
    let mut routes = Routes::new();
    let added = [
        routes.channel("/room/:name", |join| Ok(Member { room: join.param("name").into() })),
        routes.get("/page", |_, _| Ok(Response::text("a page"))),
        routes.post("/tell/:room", |cx, request| {
            let text = String::from_utf8_lossy(request.body()).into_owned();
            cx.to_room(request.param("room").unwrap_or_default()).text(&text);
            Ok(Response::status(204))
        }),
    ];
    for result in added {
        result.expect("the patterns are right");
    }
    routes
}

/// A server in a thread of its own.
pub struct Running {
    pub addr: SocketAddr,
    pub handle: Handle<Lab>,
    pub stop: Box<dyn Fn(Duration)>,
    pub thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Running {
    /// Stops it, and waits until it has.
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

/// How a test wants its server.
#[derive(Default)]
pub struct Wish {
    pub config: Config,
    pub settings: Settings,
    pub backplane: Option<(Node, Port)>,
    pub journal: Option<Journal<Lab>>,
}

/// What does the sums, on threads of their own.
pub fn add(add: Add, handle: &Handle<Lab>) {
    let handle = handle.clone();
    std::thread::spawn(move || handle.event(Sum { room: add.room, value: add.numbers.iter().sum() }));
}

/// The transports have the same functions and no trait in common, so this is written once and made twice.
macro_rules! starter {
    ($name:ident, $transport:ident) => {
        /// Starts a server on this transport.
        pub fn $name(wish: Wish) -> Running {
            let (sender, receiver) = mpsc::channel();
            let thread = std::thread::spawn(move || {
                let mut server = $transport::Server::bind("127.0.0.1:0", routes(), Lab)?
                    .config(wish.config)
                    .settings(wish.settings)
                    .log(|_| {})
                    .effects(add);
                if let Some(journal) = wish.journal {
                    server = server.journal(journal);
                }
                if let Some((node, port)) = wish.backplane {
                    server = server.backplane(node, port);
                }
                let stopper = server.stopper();
                let stop: Box<dyn Fn(Duration) + Send> = Box::new(move |within| stopper.stop(within));
                sender.send((server.local_addr()?, server.handle(), stop)).expect("the test waits");
                server.run()
            });
            let (addr, handle, stop) = receiver.recv().expect("the server starts");
            Running { addr, handle, stop, thread: Some(thread) }
        }
    };
}

starter!(smol, lazuli_smol);
starter!(std, lazuli_std);

pub type Start = fn(Wish) -> Running;
