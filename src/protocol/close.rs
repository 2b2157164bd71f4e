//! The table of close codes (RFC 6455 section 7.4). The range says what to do: 4000–4499 come
//! back, 4500–4999 stay away.

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Close {
    /// 1000: the client said goodbye.
    Normal,
    /// 1002: the frames break RFC 6455.
    Protocol,
    /// 1003: a binary message.
    Binary,
    /// 1007: text that is not UTF-8.
    NotUtf8,
    /// 1009: a message above `limits.frame_bytes`.
    TooLarge,
    /// 4000: the server restarts.
    Restarting,
    /// 4001: more than `limits.backlog_bytes` waited.
    TooSlow,
    /// 4002: silent for `heartbeat.timeout_ms`, or no `hello` in `limits.hello_ms`.
    NoHeartbeat,
    /// 4003: the server has no place just now.
    Busy,
    /// 4500: kicked or banned.
    Removed,
    /// 4501: 20 bad frames within 10 s, or 1,000 pings and pongs.
    Abuse,
    /// 4502: the session lives on in a newer connection.
    Replaced,
    /// 4503: the login ended.
    LoginEnded,
    /// 4504: three wrong credentials.
    BadCredentials,
}

/// Every row: variant, code, and the reason that goes with it.
const TABLE: [(Close, u16, &str); 14] = [
    (Close::Normal, 1000, ""),
    (Close::Protocol, 1002, "the frames break RFC 6455"),
    (Close::Binary, 1003, "only text frames are understood here"),
    (Close::NotUtf8, 1007, "text must be UTF-8"),
    (Close::TooLarge, 1009, "the message is larger than limits.frame_bytes"),
    (Close::Restarting, 4000, "the server restarts; come back and resume"),
    (Close::TooSlow, 4001, "too much was waiting for you; come back and resume"),
    (Close::NoHeartbeat, 4002, "nothing was heard from you; come back and resume"),
    (Close::Busy, 4003, "the server is full just now; come back later"),
    (Close::Removed, 4500, "you were sent out or banned"),
    (Close::Abuse, 4501, "20 bad frames or 1000 pings within 10 seconds"),
    (Close::Replaced, 4502, "this session goes on in a newer connection"),
    (Close::LoginEnded, 4503, "this login has ended"),
    (Close::BadCredentials, 4504, "three wrong credentials"),
];

impl Close {
    fn row(self) -> &'static (Close, u16, &'static str) {
        TABLE.iter().find(|row| row.0 == self).unwrap_or(&TABLE[1])
    }

    /// The number in the close frame.
    pub fn code(self) -> u16 {
        self.row().1
    }

    /// A sentence for a person; at most 123 bytes (RFC 6455 section 5.5).
    pub fn reason(self) -> &'static str {
        self.row().2
    }

    /// Whether the client should come back.
    pub fn come_back(self) -> bool {
        (4000..4500).contains(&self.code())
    }

    /// Whether a `closing` event goes before the close frame: the codes of this protocol.
    pub fn announced(self) -> bool {
        self.code() >= 4000
    }

    /// All rows of the table, for documentation.
    pub fn all() -> impl Iterator<Item = Close> {
        TABLE.iter().map(|row| row.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_close_has_its_own_row_and_a_reason_that_fits_a_frame() {
        for close in Close::all() {
            assert_eq!(close.row().0, close);
            assert!(close.reason().len() <= 123);
        }
        assert_eq!(Close::TooSlow.code(), 4001);
        assert!(Close::TooSlow.come_back() && !Close::Replaced.come_back());
        assert!(!Close::TooLarge.announced());
    }
}
