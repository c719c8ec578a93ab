//! An echo, served on tokio by the transport beside this file: `cargo run -p lazuli-harness --example tokio`.

mod transport;

use lazuli::{Channel, Config, Context, Handle, Hub, Result, Routes, Timestamp};
use std::hash::{BuildHasher, RandomState};
use std::time::SystemTime;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::mpsc;

struct Echo;

impl Channel for Echo {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.join("all");
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        cx.text(text);
        Ok(())
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut routes: Routes = Routes::new();
    routes.channel("/echo", |_| Ok(Echo))?;
    // What the hub cannot know by itself. Whoever shows components gives a secret, too.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let wall = Timestamp::from_unix_micros(now.as_micros() as u64);
    let config = Config { seed: RandomState::new().hash_one(0), wall, ..Config::default() };
    let (orders, inbox) = mpsc::unbounded_channel::<transport::Order<()>>();
    let handle: Handle = Handle::new(move |remote| {
        let _ = orders.send(Box::new(move |driver, now| driver.remote(now, remote)));
    });
    std::thread::spawn(move || {
        // Whatever is typed goes to everyone.
        std::io::stdin().lines().map_while(|line| line.ok()).for_each(|line| handle.to_room("all").text(&line));
    });
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:4000").await?;
        println!("ws://{}/echo", listener.local_addr()?);
        transport::serve(listener, Hub::new(config, routes, ()), inbox).await;
        Ok(())
    })
}
