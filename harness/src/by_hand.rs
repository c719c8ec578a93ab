//! A hub without a driver: whatever it puts out is taken at once, as by a transport that is never slow.

use lazuli::{App, Cause, Hub, Input, Output, Time};

/// Takes out everything that the hub has for a driver, and reports it as done, until nothing follows from that any more.
pub(crate) fn drain<A: App>(hub: &mut Hub<A>, now: Time, mut see: impl FnMut(Output<'_, A::Effect>)) {
    loop {
        let (mut written, mut closed) = (Vec::new(), Vec::new());
        while let Some(output) = hub.poll_output() {
            match &output {
                Output::Send { to, frame } => written.extend(to.iter().map(|&conn| (conn, frame.wire().len() as u32))),
                Output::Close { conn, .. } => closed.push(*conn),
                _ => {}
            }
            see(output);
        }
        if written.is_empty() && closed.is_empty() {
            return;
        }
        hub.handle(now, Input::Sent(&written));
        for conn in closed {
            hub.handle(now, Input::Closed { conn, cause: Cause::Done });
        }
    }
}
