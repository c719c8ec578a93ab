//! The thread of a connection: it waits for bytes and takes them to the hub.

use crate::hub::Shared;
use crate::stream::Stream;
use lazuli::App;
use lazuli::driver::LinkId;
use rustix::io::Errno;
use rustix::net::RecvFlags;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Stack of a connection's thread. Callbacks run on it, and one that overflows it ends the process; what is never touched
/// costs address space only. Deserializing the deepest JSON that `serde_json` reads (128 levels) into types that nest took up
/// to 400 KiB in a debug build, 112 KiB in a release build.
pub(crate) const STACK: usize = 1 << 20;

/// What is read at once while little comes in. Up to this size, a buffer on the stack costs an idle thread no page more.
const SMALL: usize = 4 << 10;

/// What is read at once while a lot comes in, and so the most that one connection brings into one turn: 16 KiB can be 2,700
/// messages. With four times as much, others waited four times as long, and large messages were no faster.
const LARGE: usize = 16 << 10;

/// Reads until the connection is gone, or its peer ends its direction of the stream.
pub(crate) fn run<A: App>(shared: &Shared<A>, link: LinkId, stream: &Stream) {
    // A panic here would be a fault of the hub or the driver; it takes this connection along and no other.
    let ended = catch_unwind(AssertUnwindSafe(|| read(shared, link, stream)));
    let reset = !matches!(ended, Ok(Ok(())));
    shared.turn(link, |driver, now| driver.disconnected(now, link, reset));
}

/// `Ok`: the end of the stream, or the link is gone.
fn read<A: App>(shared: &Shared<A>, link: LinkId, stream: &Stream) -> Result<(), Errno> {
    let mut buffer = [MaybeUninit::uninit(); SMALL];
    loop {
        let (bytes, rest) = match stream.read(&mut buffer, RecvFlags::empty()) {
            Err(Errno::INTR) => continue,
            received => received?,
        };
        if bytes.is_empty() || !receive(shared, link, stream, bytes) {
            return Ok(());
        }
        if rest.is_empty() && !read_more(shared, link, stream)? {
            return Ok(());
        }
    }
}

/// Takes bytes to the hub; whether the link is still there then.
fn receive<A: App>(shared: &Shared<A>, link: LinkId, stream: &Stream, bytes: &[u8]) -> bool {
    // The hub's lock comes after this one is gone: a turn that wants to encrypt never waits for a thread that waits for it.
    #[cfg(feature = "tls")]
    if let Some((plain, peer)) = stream.decrypt(bytes) {
        return shared.turn(link, |driver, now| driver.receive_decrypted(now, link, &plain, peer));
    }
    let _ = stream;
    shared.turn(link, |driver, now| driver.receive(now, link, bytes))
}

/// Reads what is there already, with a large buffer that no thread keeps while it waits. `false`: as `Ok` of [`read`].
#[inline(never)]
fn read_more<A: App>(shared: &Shared<A>, link: LinkId, stream: &Stream) -> Result<bool, Errno> {
    let mut buffer = Box::new_uninit_slice(LARGE);
    loop {
        let (bytes, rest) = match stream.read(&mut buffer, RecvFlags::DONTWAIT) {
            Err(Errno::AGAIN | Errno::INTR) => return Ok(true),
            received => received?,
        };
        if bytes.is_empty() || !receive(shared, link, stream, bytes) {
            return Ok(false);
        }
        if rest.len() > LARGE - SMALL {
            return Ok(true);
        }
    }
}
