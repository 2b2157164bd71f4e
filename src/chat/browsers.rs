//! Which sessions are in which browser: what a page's cookie is good for.

use super::state::Chat;
use crate::model::{ConnId, SessionId, TokenHash};

impl Chat {
    /// The session of a connection is in this browser now.
    pub(super) fn moves_into(&mut self, conn: ConnId, browser: Option<TokenHash>) {
        let Some(&id) = self.conns.get(&conn) else { return };
        self.moves_out(id);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.browser = browser.map(Box::new);
        if let Some(browser) = browser {
            self.browsers.entry(browser).or_default().push(id);
        }
    }

    pub(super) fn moves_out(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(browser) = session.browser.take() else { return };
        let browser = *browser;
        let Some(sessions) = self.browsers.get_mut(&browser) else { return };
        sessions.retain(|other| *other != id);
        if sessions.is_empty() {
            self.browsers.remove(&browser);
        }
    }
}
