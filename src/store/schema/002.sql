-- Pictures: one row for each that is or was there, its files under uploads/. Like an event's row, a
-- row never changes its size: `state` is one of three words of seven letters, `seq` (the message
-- that shows it, zero before it is sent) has eight bytes, and texts that are no longer needed are
-- overwritten where they stand. Rows are added at the end and go from the beginning.
CREATE TABLE images (
    number      INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    room        INTEGER NOT NULL,
    seq         BLOB    NOT NULL,
    user        INTEGER NOT NULL,
    nick        TEXT    NOT NULL,
    guest       INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    thumb_kind  TEXT    NOT NULL,
    thumb_bytes INTEGER NOT NULL,
    alt         TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
);
CREATE UNIQUE INDEX images_by_id ON images (id);
CREATE INDEX images_by_message ON images (room, seq) WHERE state = 'present';
