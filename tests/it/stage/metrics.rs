//! What the server counts, as `/metrics` shows it.

use super::TestApp;

impl TestApp {
    /// The value of a metric; labels belong to its name.
    pub fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").body;
        let line = text.lines().find(|line| line.rsplit_once(' ').is_some_and(|(n, _)| n == name));
        let value = line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok());
        value.unwrap_or_else(|| panic!("{name} is not in\n{text}"))
    }
}
