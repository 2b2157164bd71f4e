-- Rooms of the durable kind. `seq` is the head as of the last pruning: the true head is the larger
-- of it and the newest event, so that an append need not write here.
CREATE TABLE rooms (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    epoch      TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    topic      TEXT,
    created_at INTEGER NOT NULL
);

-- The log. Appended at one end whatever the room, found through the index. `kind` is the event's
-- type on the wire, or one of the words for rows whose text was taken away. `kept` is 0 for a row
-- that was pruned and waits for its space to be given back. A row never changes its size and is
-- never moved: src/store/event_row.rs and compaction.rs say why.
CREATE TABLE events (
    id     INTEGER PRIMARY KEY,
    room   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    user   INTEGER NOT NULL,
    nick   TEXT    NOT NULL,
    guest  INTEGER NOT NULL,
    kept   INTEGER NOT NULL DEFAULT 1,
    target INTEGER,
    body   TEXT    NOT NULL
);
CREATE UNIQUE INDEX events_by_place ON events (room, seq) WHERE kept;
CREATE UNIQUE INDEX newest_edits ON events (room, target)
    WHERE kept AND kind IN ('edited', 'erased');

-- How many rows of `events` are not kept.
CREATE TABLE gaps (rows INTEGER NOT NULL);
INSERT INTO gaps VALUES (0);

-- How things stand with each reaction, and the event that made it so.
CREATE TABLE reactions (
    room   INTEGER NOT NULL,
    target INTEGER NOT NULL,
    user   INTEGER NOT NULL,
    emoji  TEXT    NOT NULL,
    lit    INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (room, target, user, emoji)
) WITHOUT ROWID;

CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY,
    token        BLOB    NOT NULL,
    user         INTEGER NOT NULL,
    nick         TEXT    NOT NULL,
    guest        INTEGER NOT NULL,
    address_hash BLOB    NOT NULL,
    rooms        TEXT    NOT NULL
);

-- Idempotency keys in three states: `receipts` takes new ones in order of arrival, 65,536 of them
-- make a run, sorted by hash and never changed. src/store/receipts says why.
CREATE TABLE receipts (
    id      INTEGER PRIMARY KEY,
    key     INTEGER NOT NULL,
    by_user INTEGER NOT NULL,
    by_name INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL
);
CREATE TABLE receipt_runs (
    run     INTEGER PRIMARY KEY,
    last_id INTEGER NOT NULL,
    newest  INTEGER NOT NULL,
    sieve   BLOB    NOT NULL
);
CREATE TABLE receipt_index (
    run  INTEGER NOT NULL,
    mark INTEGER NOT NULL,
    seq  INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (run, mark)
) WITHOUT ROWID;

-- What a ping writes.
CREATE TABLE pulse (beat INTEGER NOT NULL);
INSERT INTO pulse VALUES (0);
