//! Who sits at a chat room's page: known again by the browser's session, whatever happens to the connection.

use crate::app::{Context, Showcase};
use crate::channels::LONGEST_NAME;
use crate::said::Line;
use lazuli::Mount;

pub struct Me {
    /// Only the first paint may be without, when somebody is here for the first time.
    session: Option<String>,
    /// What they want to be called.
    pub name: Option<String>,
}

impl Me {
    /// Whoever a page is made for.
    pub fn new(mount: &Mount<'_, Showcase>) -> Me {
        let mut me = Me { session: mount.cookie("lazuli_session").map(str::to_owned), name: None };
        me.look(mount.app);
        me
    }

    pub fn session(&self) -> Option<String> {
        self.session.clone()
    }

    /// Whether they said this, in whichever tab.
    pub fn said(&self, line: &Line) -> bool {
        self.session.is_some() && line.session == self.session
    }

    /// Wants to be called so from now on; if it is nothing, not by a name.
    pub fn rename(&self, cx: &mut Context<'_>, name: &str) {
        let name: String = name.trim().chars().take(LONGEST_NAME).collect();
        let (Some(session), now) = (self.session(), cx.timestamp()) else { return };
        cx.update(move |app| {
            app.names.change(&session, now, |kept| *kept = Some(name).filter(|name| !name.is_empty()))
        });
    }

    /// Takes over what they are called.
    pub fn look(&mut self, app: &Showcase) {
        self.name = self.session.as_ref().and_then(|session| app.names.get(session)?.clone());
    }
}
