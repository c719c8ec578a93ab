//! What the server says to a page.

use super::Command;
use super::tab::{Asked, Tab};
use super::world::{Sent, World};
use crate::dom::{Dom, Selector};
use lazuli::{Flash, Kind};
use serde_json::{Map, Value, json};

impl Tab {
    /// Reads what the socket was sent, and does what it asks for. `false`: there was nothing.
    pub(super) fn read(&mut self, world: &mut World) -> bool {
        let mut any = false;
        while let Some(socket) = self.socket
            && let Some(sent) = world.inboxes.get_mut(&socket).and_then(|inbox| inbox.pop_front())
        {
            any = true;
            match sent {
                Sent::Closed(code, reason) => {
                    world.inboxes.remove(&socket);
                    self.forget_socket();
                    self.errors.push(format!("the socket was closed with {code} {reason}"));
                }
                Sent::Frame(frame) if frame.kind() == Kind::Text => match serde_json::from_slice(frame.payload()) {
                    Ok(Value::Array(patches)) => self.patch(world, &patches),
                    Ok(frame) => self.hear(world, &frame),
                    Err(error) => self.errors.push(format!("a frame is no JSON: {error}")),
                },
                Sent::Frame(_) => {}
            }
        }
        any
    }

    fn patch(&mut self, world: &mut World, patches: &[Value]) {
        for pair in patches.chunks(2) {
            match pair {
                [number, patch] => {
                    match self.parts.iter().position(|part| part.number.map(Value::from).as_ref() == Some(number)) {
                        Some(at) => self.patch_part(world, at, patch),
                        None => {
                            self.errors.push(format!("a patch for component {number}, which is not mounted: {patch}"))
                        }
                    }
                }
                _ => self.errors.push("a frame of patches has an odd number of items".into()),
            }
        }
    }

    fn patch_part(&mut self, world: &mut World, at: usize, patch: &Value) {
        let (spark, part) = (self.spark.clone(), &mut self.parts[at]);
        part.is_patched = true;
        if std::mem::take(&mut part.is_awaited) && patch[0] != -6 {
            part.is_awaited = true;
            return;
        }
        part.is_stale = false;
        let applied = part.view.apply(&mut self.dom, patch, &mut |name| world.template(&spark, name));
        let touched = part.view.take_touched();
        if let Err(misfit) = applied {
            if misfit.asks_anew() {
                part.is_awaited = true;
                let resync = json!({ "type": "component_resync", "component_id": part.number });
                return self.ask(world, resync, Asked::Other);
            }
            self.errors.push(format!("a patch does not fit: {misfit}"));
        }
        for (element, attribute) in touched {
            if let Some(field) = self.fields.get_mut(&element) {
                field.server_sets(&attribute);
            }
        }
    }

    fn hear(&mut self, world: &mut World, frame: &Value) {
        let text = |name: &str| frame[name].as_str().unwrap_or_default().to_owned();
        match frame["type"].as_str().unwrap_or_default() {
            "reply" => self.reply(world, frame),
            "component_flash" => {
                let level = match text("level").as_str() {
                    "info" => Flash::Info,
                    "success" => Flash::Success,
                    "warning" => Flash::Warning,
                    _ => Flash::Error,
                };
                self.flashes.push((level, text("message")));
            }
            "component_redirect" if frame["external"] == true => self.leave_for(world, &text("url")),
            "component_redirect" => self.go(world, &text("url"), false),
            "component_navigate" => self.go(world, &text("url"), true),
            "component_command" => self.command(world, frame),
            "component_error" => self.fail(text("message"), &frame["component_id"], frame["fresh"] == true),
            "component_gone" => {
                self.fail(format!("the component is gone: {}", text("reason")), &frame["component_id"], false);
                if let Some(at) = self.part_by(&frame["component_id"]) {
                    self.parts[at].number = None;
                }
            }
            "error" => self.fail(text("message"), &frame["component_id"], false),
            _ => {}
        }
    }

    fn part_by(&self, number: &Value) -> Option<usize> {
        self.parts.iter().position(|part| part.number.map(Value::from).as_ref() == Some(number))
    }

    /// Something went wrong. A component whose callback failed may have changed, and its page does not show it.
    fn fail(&mut self, message: String, component: &Value, is_fresh: bool) {
        let whole = self.part_by(component);
        for (at, part) in self.parts.iter_mut().enumerate() {
            // Of a component in another one, it is the view around it.
            if whole.is_none_or(|whole| whole == at) && !is_fresh {
                part.is_stale = true;
            }
        }
        if self.errors.last() != Some(&message) {
            self.errors.push(message);
        }
    }

    fn reply(&mut self, world: &mut World, frame: &Value) {
        let number = frame["ref"].as_u64().and_then(|number| u32::try_from(number).ok());
        let Some(asked) = number.and_then(|number| self.asked.remove(&number)) else {
            return self.errors.push(format!("a reply to nothing: {frame}"));
        };
        let (is_ok, payload) = (frame["status"] == "ok", &frame["payload"]);
        let message = payload["message"].as_str().unwrap_or("an error without a message").to_owned();
        match asked {
            Asked::Mount(host) => {
                let Some(at) = self.parts.iter().position(|part| part.host == host) else { return };
                if !is_ok {
                    return self.errors.push(format!("a component was not mounted: {message}"));
                }
                let answer = payload.as_array().map(Vec::as_slice).unwrap_or_default();
                let Some((number, rest)) = answer.split_first() else {
                    return self.errors.push(format!("a component was mounted without a number: {frame}"));
                };
                self.parts[at].number = number.as_u64().and_then(|number| u32::try_from(number).ok());
                match rest {
                    [patch @ Value::Array(_)] => self.patch_part(world, at, patch),
                    inner => self.number_inner(at, inner),
                }
                for said in std::mem::take(&mut self.parts[at].queue) {
                    if self.dom.ancestors(said.element).any(|node| node == Dom::ROOT) {
                        self.send(world, said);
                    }
                }
            }
            Asked::Event(host, fields, resets) => {
                for field in fields {
                    if let Some(field) = self.fields.get_mut(&field) {
                        field.is_untold = false;
                    }
                }
                if !is_ok {
                    let number = self.parts.iter().find(|part| part.host == host).and_then(|part| part.number);
                    self.fail(message, &number.into(), false);
                } else if let Some(form) = resets {
                    self.reset(form);
                }
            }
            Asked::Other => {}
        }
    }

    /// The numbers of the components that stand in one that was mounted.
    fn number_inner(&mut self, at: usize, given: &[Value]) {
        let places = self.parts[at].view.components_mut();
        if places.len() != given.len() {
            let said = format!("{} components in a component got {} numbers", places.len(), given.len());
            return self.errors.push(said);
        }
        for (place, number) in places.into_iter().zip(given) {
            *place = number.as_u64().unwrap_or_default();
        }
    }

    /// Another site's page, which is not loaded.
    fn leave_for(&mut self, world: &mut World, url: &str) {
        self.leave(world);
        let (flashes, commands) = (std::mem::take(&mut self.flashes), std::mem::take(&mut self.commands));
        *self = Tab { flashes, commands, errors: std::mem::take(&mut self.errors), ..Tab::new(self.jar) };
        self.url = url.into();
    }

    fn go(&mut self, world: &mut World, url: &str, is_navigation: bool) {
        let gone = if is_navigation { self.navigate(world, url) } else { self.load(world, url) };
        if let Err(failed) = gone {
            self.errors.push(failed.0);
        }
    }

    fn command(&mut self, world: &mut World, frame: &Value) {
        let text = |name: &str| frame[name].as_str().unwrap_or_default().to_owned();
        let target = text("target");
        let host = self.part_by(&frame["component_id"]).map(|at| self.parts[at].host);
        let found = match (host, target.as_str()) {
            (Some(host), "") => Some(host),
            (Some(host), target) => match Selector::parse(target) {
                Ok(selector) => self.dom.select(host, &selector).first().copied(),
                Err(unsupported) => return self.errors.push(unsupported.to_string()),
            },
            (None, _) => None,
        };
        let command = match frame["command"].as_str().unwrap_or_default() {
            "focus" => Command::Focus { target },
            "scroll" => Command::Scroll { target, to: text("to") },
            "set_value" => Command::SetValue { target, value: text("value") },
            "dispatch" => Command::Dispatch { target, event: text("event"), detail: frame["detail"].clone() },
            "call" => Command::Call { name: text("name"), data: frame["data"].clone() },
            other => return self.errors.push(format!("there is no command {other:?}")),
        };
        self.commands.push(command.clone());
        let Some(element) = found else {
            if !matches!(command, Command::Call { .. }) {
                self.errors.push(format!("{command:?} finds nothing in its component"));
            }
            return;
        };
        match command {
            Command::Focus { .. } => self.move_focus(world, Some(element)),
            Command::SetValue { value, .. } => {
                let field = self.fields.entry(element).or_default();
                (field.value, field.is_untold, field.is_unsettled) = (Some(value), false, false);
            }
            Command::Dispatch { event, .. } => self.fire(world, element, &event, Map::new()),
            Command::Scroll { .. } | Command::Call { .. } => {}
        }
    }
}
