//! How the hub sees a component: a channel instance that can be rendered.

use super::{ChannelMessage, Component, Event, Mount};
use crate::channel::{App, Channel, Timer};
use crate::context::Context;
use crate::error::{Refused, Result};
use crate::html::{Nested, Render};
use alloc::boxed::Box;

/// Makes an instance from props, which are JSON.
pub(crate) type MakeComponent<A> = dyn Fn(&Mount<'_, A>, &str) -> Result<Box<dyn Channel<A>>, NotMade> + Send + Sync;

/// Why there is no instance.
pub(crate) enum NotMade {
    /// The props are of another type: the page is older than the program.
    Props,
    Refused(Refused),
}

/// What a component can do beyond a channel. Only the hub calls it.
pub trait Part<A: App> {
    /// Hands out the render.
    fn render(&self, with: &mut dyn FnMut(&dyn Render));
    /// See [`Component::on_event`].
    fn on_event(&mut self, cx: &mut Context<'_, A>, event: &Event<'_>) -> Result;
    /// See [`Component::on_channel_message`].
    fn on_channel_message(&mut self, cx: &mut Context<'_, A>, message: &ChannelMessage<'_>) -> Result;
    /// See [`Component::on_update`].
    fn on_update(&mut self, cx: &mut Context<'_, A>) -> Result;
    /// See [`Component::on_props`].
    fn on_props(&mut self, new: Nested);
}

/// A component as a channel.
pub(crate) struct Live<C>(pub(crate) C);

impl<A: App, C: Component<A>> Channel<A> for Live<C> {
    fn on_connect(&mut self, cx: &mut Context<'_, A>) -> Result {
        self.0.on_mount(cx)
    }

    // Nothing that a peer sends leads here: its events come by `Part::on_event`.
    fn on_message(&mut self, _: &mut Context<'_, A>, _: &str) -> Result {
        Ok(())
    }

    fn on_close(&mut self, cx: &mut Context<'_, A>, _: u16, _: &str) -> Result {
        self.0.on_unmount(cx)
    }

    fn on_timer(&mut self, cx: &mut Context<'_, A>, timer: Timer) -> Result {
        self.0.on_timer(cx, timer)
    }

    fn on_event(&mut self, cx: &mut Context<'_, A>, event: &A::Event) -> Result {
        self.0.on_app_event(cx, event)
    }

    fn component(&mut self) -> Option<&mut dyn Part<A>> {
        Some(self)
    }
}

impl<A: App, C: Component<A>> Part<A> for Live<C> {
    fn render(&self, with: &mut dyn FnMut(&dyn Render)) {
        with(&self.0.render());
    }

    fn on_event(&mut self, cx: &mut Context<'_, A>, event: &Event<'_>) -> Result {
        self.0.on_event(cx, event)
    }

    fn on_channel_message(&mut self, cx: &mut Context<'_, A>, message: &ChannelMessage<'_>) -> Result {
        self.0.on_channel_message(cx, message)
    }

    fn on_update(&mut self, cx: &mut Context<'_, A>) -> Result {
        self.0.on_update(cx)
    }

    fn on_props(&mut self, new: Nested) {
        if let Some(Live(new)) = new.take::<Live<C>>() {
            self.0.on_props(new);
        }
    }
}
