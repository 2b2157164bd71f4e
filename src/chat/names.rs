//! Who holds which name. Invariant: no two sessions hold names that share a key.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{NickKeys, SessionId};

/// The names that are held now, by both of their keys.
#[derive(Debug, Default)]
pub struct Names {
    folded: HashMap<Arc<str>, SessionId>,
    exact: HashMap<Arc<str>, SessionId>,
}

impl Names {
    /// Who holds this name or one that looks like it.
    pub fn holder(&self, keys: &NickKeys) -> Option<SessionId> {
        self.folded.get(&keys.folded).or_else(|| self.exact.get(&keys.exact)).copied()
    }

    /// Whether `session` may take the name: nobody else holds it.
    pub fn free_for(&self, keys: &NickKeys, session: SessionId) -> bool {
        let ours = |holder: Option<&SessionId>| holder.is_none_or(|holder| *holder == session);
        ours(self.folded.get(&keys.folded)) && ours(self.exact.get(&keys.exact))
    }

    /// Notes that `session` holds the name. The caller has asked [`Names::free_for`].
    pub fn hold(&mut self, keys: NickKeys, session: SessionId) {
        self.folded.insert(keys.folded, session);
        self.exact.insert(keys.exact, session);
    }

    /// Frees the name, as far as `session` holds it.
    pub fn free(&mut self, keys: &NickKeys, session: SessionId) {
        if self.folded.get(&keys.folded) == Some(&session) {
            self.folded.remove(&keys.folded);
        }
        if self.exact.get(&keys.exact) == Some(&session) {
            self.exact.remove(&keys.exact);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Nick;

    fn keys(name: &str) -> NickKeys {
        Nick::parse(name).unwrap().keys()
    }

    #[test]
    fn one_holder_a_name_until_it_is_freed() {
        let (ada, bob) = (SessionId(1), SessionId(2));
        let mut names = Names::default();
        names.hold(keys("Ada"), ada);
        assert_eq!(names.holder(&keys("аda")), Some(ada));
        assert!(!names.free_for(&keys("ADA"), bob) && names.free_for(&keys("ADA"), ada));
        names.free(&keys("Ada"), bob);
        assert_eq!(names.holder(&keys("Ada")), Some(ada));
        names.free(&keys("Ada"), ada);
        assert_eq!(names.holder(&keys("Ada")), None);
    }
}
