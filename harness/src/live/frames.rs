//! What frames say to a page, by `docs/protocol.md`.

use super::World;
use super::browser::{Asked, Browser};
use crate::app::live::BYE;
use crate::coverage::Mark;
use crate::dom::View;
use crate::oracle::{Answered, Check, Oracle, PageOrder, complain};
use lazuli::Time;
use serde_json::Value;

impl World {
    /// Finds the components in a page, once their templates are there, and mounts them.
    pub(super) fn hydrate(&mut self, number: usize) -> Check {
        let browser = &mut self.crowd.browsers[number];
        let mut missing = Vec::new();
        for part in browser.page.iter().flat_map(|page| &page.parts).filter(|part| part.view.is_none()) {
            browser.missing(&part.shape, &mut missing);
        }
        if !missing.is_empty() {
            self.want(number, missing);
            return Ok(());
        }
        let Browser { page: Some(page), templates, .. } = browser else { return Ok(()) };
        for part in page.parts.iter_mut().filter(|part| part.view.is_none()) {
            let mut library = |name: &str| templates.find(name);
            let view = View::hydrate(&mut page.dom, part.host, &part.shape, &mut library);
            part.view = Some(view.or_else(|misfit| {
                let shown = page.dom.inner_html(part.host);
                complain(Oracle::Dom, format!("a page does not fit its shape: {misfit} in {shown:.500}"))
            })?);
        }
        self.mount_all(number);
        Ok(())
    }

    /// A frame of the socket.
    pub(super) fn take_in(&mut self, number: usize, frame: &Value) -> Check {
        if let Value::Array(patches) = frame {
            return self.take_patches(number, patches);
        }
        let Some(session) = self.crowd.browsers[number].socket.as_ref().map(|socket| socket.session) else {
            return Ok(());
        };
        match frame["type"].as_str().unwrap_or_default() {
            "reply" => self.take_reply(number, frame),
            "component_error" => {
                let is_fresh = frame["fresh"] == true;
                if is_fresh {
                    self.crowd.coverage.add(Mark::MadeAnew, 1);
                }
                self.crowd.components.told(session, is_fresh)
            }
            "component_gone" => {
                self.crowd.coverage.add(Mark::ComponentGone, 1);
                self.crowd.components.gone(session, frame["reason"] == BYE)?;
                if let Some(at) = self.part_of(number, &frame["component_id"])
                    && let Some(page) = &mut self.crowd.browsers[number].page
                {
                    let part = &mut page.parts[at];
                    (part.number, part.is_given_up, part.is_awaited) = (None, true, false);
                }
                Ok(())
            }
            "component_flash" | "component_command" => {
                if frame["message"] == "never" {
                    return complain(Oracle::Delivery, format!("a callback that failed had an effect: {frame}"));
                }
                self.crowd.coverage.add(Mark::PageCommand, 1);
                let order = match (&frame["level"], &frame["message"], &frame["command"], &frame["target"]) {
                    (Value::String(level), Value::String(text), Value::Null, _) if level == "info" => {
                        PageOrder::Flash(text.clone())
                    }
                    (_, _, Value::String(command), target) if command == "focus" && target == "input" => {
                        PageOrder::Focus
                    }
                    _ => return complain(Oracle::Components, format!("a page was told {frame}")),
                };
                self.crowd.components.ordered(session, &order)
            }
            // What had no `ref`, and came to a component that is gone, or was none of its events.
            "error" if frame["code"] == "NOT_MOUNTED" => Ok(()),
            _ => complain(Oracle::Components, format!("a page was told {frame}")),
        }
    }

    /// The part whose component has a number on the socket.
    fn part_of(&self, number: usize, component: &Value) -> Option<usize> {
        let page = self.crowd.browsers[number].page.as_ref()?;
        page.parts.iter().position(|part| part.number.map(Value::from).as_ref() == Some(component))
    }

    fn take_patches(&mut self, number: usize, patches: &[Value]) -> Check {
        for pair in patches.chunks(2) {
            let [component, patch] = pair else {
                return complain(Oracle::Dom, "a frame of patches has an odd number of items");
            };
            let was_left = component.as_u64().and_then(|component| u32::try_from(component).ok());
            let socket = self.crowd.browsers[number].socket.as_ref();
            let was_left =
                was_left.is_some_and(|component| socket.is_some_and(|socket| socket.left.contains(&component)));
            match self.part_of(number, component) {
                Some(at) => self.patch(number, at, patch)?,
                None if was_left => {}
                None => return complain(Oracle::Dom, format!("a patch came for component {component}, which is none")),
            }
        }
        Ok(())
    }

    fn patch(&mut self, number: usize, at: usize, patch: &Value) -> Check {
        let Browser { page: Some(page), templates, .. } = &mut self.crowd.browsers[number] else { return Ok(()) };
        let part = &mut page.parts[at];
        part.is_patched = true;
        if part.is_awaited && patch[0] != -6 {
            return Ok(());
        }
        part.is_awaited = false;
        self.crowd.coverage.add(Mark::Patched, 1);
        if patch.as_array().is_some_and(|items| items.last().is_some_and(|last| *last == -5)) {
            self.crowd.coverage.add(Mark::Renumbered, 1);
        }
        let Some(view) = &mut part.view else { return complain(Oracle::Dom, "a patch came before the mount") };
        let mut library = |name: &str| templates.find(name);
        match view.apply(&mut page.dom, patch, &mut library) {
            Ok(()) => Ok(()),
            Err(misfit) if misfit.asks_anew() => {
                self.resync_part(number, at);
                Ok(())
            }
            Err(misfit) => complain(Oracle::Dom, format!("a patch for {:?} does not fit: {misfit}", part.place)),
        }
    }

    fn take_reply(&mut self, number: usize, frame: &Value) -> Check {
        let Some(socket) = &mut self.crowd.browsers[number].socket else { return Ok(()) };
        let session = socket.session;
        let reference = frame["ref"].as_u64().and_then(|number| u32::try_from(number).ok());
        let Some(asked) = reference.and_then(|reference| socket.asked.remove(&reference)) else {
            return complain(
                Oracle::Components,
                format!("session {session} got a second answer, or one to nothing: {frame}"),
            );
        };
        let (is_ok, code) = (frame["status"] == "ok", frame["payload"]["code"].as_str().unwrap_or_default());
        let wrong = || complain(Oracle::Components, format!("{asked:?} of session {session} was answered {frame}"));
        match asked {
            Asked::Mount { place, at } if is_ok => self.mounted(number, place, at, &frame["payload"]),
            Asked::Mount { place, at } => self.not_mounted(number, place, at, &frame["payload"]),
            Asked::Foreign if !is_ok && code == "REFUSED" && frame["payload"]["http"] == 403 => Ok(()),
            Asked::Event { op } => {
                let answer = match code {
                    _ if is_ok => Answered::Ok,
                    "INTERNAL_ERROR" => Answered::Internal,
                    "NOT_MOUNTED" => Answered::NotMounted,
                    _ => Answered::Error,
                };
                self.crowd.components.answered(op, answer)
            }
            Asked::Resync { number: component } if !is_ok && code == "NOT_MOUNTED" => {
                // It is gone, of which the page was told before.
                if self.part_of(number, &component.into()).is_some() { wrong() } else { Ok(()) }
            }
            Asked::Resync { .. } | Asked::Unmount { .. } if is_ok || code == "NOT_MOUNTED" => Ok(()),
            _ => wrong(),
        }
    }

    /// A component was mounted; its page may have to change.
    fn mounted(&mut self, number: usize, place: u32, asked: Time, payload: &Value) -> Check {
        let is_late = self.crowd.browsers[number].page.as_ref().is_some_and(|page| asked > self.token_times(page).1);
        let Browser { page: Some(page), socket: Some(socket), .. } = &mut self.crowd.browsers[number] else {
            return Ok(());
        };
        let Some(at) = page.parts.iter().position(|part| part.place == place) else { return Ok(()) };
        let part = &mut page.parts[at];
        if is_late {
            return complain(Oracle::Components, format!("place {place} was mounted with a token that had expired"));
        }
        let component = payload[0].as_u64().and_then(|component| u32::try_from(component).ok());
        let Some(component) = component.filter(|component| socket.given.insert(*component)) else {
            return complain(
                Oracle::Components,
                format!("place {place} got a number that is none, or not new: {payload}"),
            );
        };
        (part.number, part.is_asked) = (Some(component), false);
        match payload.get(1).filter(|patch| patch.is_array()) {
            Some(patch) => self.patch(number, at, patch),
            None => {
                self.crowd.coverage.add(Mark::MountedAsIs, 1);
                let given = payload.as_array().and_then(|answer| answer.get(1..)).unwrap_or_default();
                let places = part.view.as_mut().map(View::components_mut).unwrap_or_default();
                if places.len() != given.len() {
                    let (places, given) = (places.len(), given.len());
                    return complain(Oracle::Dom, format!("{places} components in another got {given} numbers"));
                }
                for (place, number) in places.into_iter().zip(given) {
                    *place = number.as_u64().unwrap_or_default();
                }
                Ok(())
            }
        }
    }

    fn not_mounted(&mut self, number: usize, place: u32, asked: Time, error: &Value) -> Check {
        let browser = &self.crowd.browsers[number];
        let (Some(page), Some(socket)) = (&browser.page, &browser.socket) else { return Ok(()) };
        let session = socket.session;
        let surely = self.token_times(page).0;
        let may_be = match error["code"].as_str() {
            Some("EXPIRED") => {
                // The page has to be loaded again; the next turn of the browser does.
                self.crowd.coverage.add(Mark::TokenExpired, 1);
                if asked >= surely || self.now() >= surely {
                    self.drop_page(number);
                    self.wake_up(number);
                    return Ok(());
                }
                false
            }
            Some("REFUSED") if error.get("close").is_some() => self.crowd.components.was_refused(session, place),
            _ => false,
        };
        if !may_be {
            return complain(Oracle::Components, format!("place {place} could not be mounted: {error}"));
        }
        if let Some(part) = self.crowd.browsers[number]
            .page
            .as_mut()
            .and_then(|page| page.parts.iter_mut().find(|part| part.place == place))
        {
            (part.is_asked, part.is_given_up) = (false, true);
        }
        Ok(())
    }
}
