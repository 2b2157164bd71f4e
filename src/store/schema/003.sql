-- Accounts, and what keeps the peace. What a person does not want to find in the file once it is
-- removed (hashes of passwords, addresses) is in `private`, whose rows have one size, are never
-- moved and never deleted: src/store/private.rs says why.
CREATE TABLE private (
    slot    INTEGER PRIMARY KEY,
    taken   INTEGER NOT NULL,
    content BLOB    NOT NULL
);
CREATE INDEX free_private ON private (taken) WHERE NOT taken;

-- `name_key` is the folded key of the name; `password` a slot of `private`. One that is over
-- (`ended_at`) keeps its name only for the quarantine, and another may have the same.
CREATE TABLE accounts (
    id         INTEGER PRIMARY KEY,
    nick       TEXT    NOT NULL,
    name_key   TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    password   INTEGER,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER
);
CREATE UNIQUE INDEX accounts_by_name ON accounts (name_key) WHERE ended_at IS NULL;

-- `address` is a slot of `private`.
CREATE TABLE logins (
    id         INTEGER PRIMARY KEY,
    token      BLOB    NOT NULL,
    user       INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    label      TEXT    NOT NULL,
    address    INTEGER
);
CREATE INDEX logins_by_user ON logins (user);

CREATE TABLE devices (
    user   INTEGER NOT NULL,
    device BLOB    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (user, device)
) WITHOUT ROWID;

CREATE TABLE room_roles (
    room INTEGER NOT NULL,
    user INTEGER NOT NULL,
    role TEXT    NOT NULL,
    PRIMARY KEY (room, user)
) WITHOUT ROWID;
CREATE INDEX room_roles_by_user ON room_roles (user);

CREATE TABLE reads (
    user INTEGER NOT NULL,
    room INTEGER NOT NULL,
    seq  INTEGER NOT NULL,
    PRIMARY KEY (user, room)
) WITHOUT ROWID;
CREATE INDEX reads_by_room ON reads (room);

-- Mutes and bans: of everywhere where there is no room.
CREATE TABLE sanctions (
    id       INTEGER PRIMARY KEY,
    room     INTEGER,
    kind     TEXT    NOT NULL,
    user     INTEGER,
    name_key TEXT,
    address  BLOB,
    nick     TEXT    NOT NULL,
    until    INTEGER,
    by_nick  TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    at       INTEGER NOT NULL
);
CREATE INDEX sanctions_by_user ON sanctions (user);
CREATE INDEX sanctions_by_room ON sanctions (room);

-- Without a room an invitation lets register.
CREATE TABLE invites (
    secret     BLOB    PRIMARY KEY,
    room       INTEGER,
    by_user    INTEGER NOT NULL,
    uses_left  INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX invites_by_room ON invites (room);
CREATE INDEX invites_by_user ON invites (by_user);

CREATE TABLE reports (
    room   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    user   INTEGER NOT NULL,
    nick   TEXT    NOT NULL,
    reason TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (room, seq, user)
) WITHOUT ROWID;
CREATE INDEX reports_by_user ON reports (user);

-- Who did what. Appended at the end, forgotten from the beginning.
CREATE TABLE audit (
    id          INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    actor       INTEGER,
    actor_nick  TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    room        INTEGER,
    room_name   TEXT,
    target      INTEGER,
    target_nick TEXT,
    detail      TEXT    NOT NULL
);

-- The rules of a room; `keep` as the configuration writes it, where it differs from that.
ALTER TABLE rooms ADD COLUMN visibility   TEXT    NOT NULL DEFAULT 'open';
ALTER TABLE rooms ADD COLUMN guests       INTEGER NOT NULL DEFAULT 1;
ALTER TABLE rooms ADD COLUMN slow_s       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN topic_locked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN keep         TEXT;
ALTER TABLE rooms ADD COLUMN founded      INTEGER NOT NULL DEFAULT 0;

-- The login that a session came with; none for a guest.
ALTER TABLE sessions ADD COLUMN login INTEGER;
CREATE INDEX sessions_by_login ON sessions (login) WHERE login IS NOT NULL;

-- Which reactions a message has, for the limit of different ones.
CREATE INDEX lit_reactions ON reactions (room, target, emoji) WHERE lit;

-- Pictures that wait for a moderator. The table is written anew, because a row that gets a column
-- later changes its size at the next change, and none may: 0 and 1 are of one size.
CREATE TABLE images_3 (
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
    expires_at  INTEGER NOT NULL,
    pending     INTEGER NOT NULL
);
INSERT INTO images_3
    SELECT number, id, state, room, seq, user, nick, guest, kind, width, height, bytes, thumb_kind,
        thumb_bytes, alt, name, created_at, expires_at, 0
    FROM images ORDER BY number;
DROP TABLE images;
ALTER TABLE images_3 RENAME TO images;
CREATE UNIQUE INDEX images_by_id ON images (id);
CREATE INDEX images_by_message ON images (room, seq) WHERE state = 'present';
