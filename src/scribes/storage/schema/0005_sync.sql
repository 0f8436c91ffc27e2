-- Sync and circles: what is known of logs, of the keys of spaces, and of what waits for a person.

-- Where logs lie: a folder, another vault. `id` is what the place itself says it is; a foreign or emptied one is noticed.
CREATE TABLE remote (
  n     INTEGER PRIMARY KEY,
  id    BLOB NOT NULL UNIQUE,
  kind  TEXT NOT NULL,
  place TEXT NOT NULL
);

-- What happened to a space here. `role` is the person's own in it, '' once they are no longer in it: then it can be
-- read and not written. `remote_n`: where its log lies.
ALTER TABLE space ADD COLUMN role TEXT NOT NULL DEFAULT 'owner';
ALTER TABLE space ADD COLUMN remote_n INTEGER REFERENCES remote (n);
-- The account a device belongs to, where a log has told; NULL for devices of this vault before it ever synchronised.
ALTER TABLE device ADD COLUMN member BLOB;

-- How far each log was read: the remote's generation and its own cursor. `seen`: what this device has told the others
-- of what it saw, as canonical JSON. `synced_us`: when the remote last acknowledged everything.
CREATE TABLE log_state (
  space_id   INTEGER PRIMARY KEY REFERENCES space (n),
  generation TEXT NOT NULL DEFAULT '',
  cursor     TEXT NOT NULL DEFAULT '',
  seen       TEXT NOT NULL DEFAULT '{}',
  synced_us  INTEGER
);

-- Every entry of a log that was ever seen: change.seq names its n. `raw` is kept of what this device wrote and of what
-- says who belongs to the space, so that a remote that lost them gets the very same bytes again. state: 'in' the log;
-- 'refused', by reasons of who wrote it; 'folded' into a snapshot; 'gone', when the log lost it.
CREATE TABLE log_entry (
  n        INTEGER PRIMARY KEY,
  space_id INTEGER NOT NULL REFERENCES space (n),
  device   BLOB NOT NULL,
  number   INTEGER NOT NULL,
  hash     BLOB NOT NULL,
  prev     BLOB NOT NULL,
  type     INTEGER NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('in', 'refused', 'folded', 'gone')),
  raw      BLOB,
  UNIQUE (space_id, device, number)
);
CREATE INDEX change_unsent ON change (space_id, n) WHERE seq IS NULL;
CREATE INDEX change_seq ON change (seq) WHERE seq IS NOT NULL;

-- Who belongs to a space, as its log says, in order; and the keys of its epochs.
CREATE TABLE control (
  space_id INTEGER NOT NULL REFERENCES space (n),
  number   INTEGER NOT NULL,
  entry    BLOB NOT NULL,
  PRIMARY KEY (space_id, number)
) WITHOUT ROWID;
CREATE TABLE epoch_key (
  space_id INTEGER NOT NULL REFERENCES space (n),
  epoch    INTEGER NOT NULL,
  key      BLOB NOT NULL,
  PRIMARY KEY (space_id, epoch)
) WITHOUT ROWID;

-- What a remote did that it must not do, once each, until a person has seen it or it has mended itself.
CREATE TABLE alert (
  n        INTEGER PRIMARY KEY,
  space_id INTEGER NOT NULL REFERENCES space (n),
  kind     TEXT NOT NULL,
  about    TEXT NOT NULL,
  at_us    INTEGER NOT NULL,
  UNIQUE (space_id, kind, about)
);

-- Places where two edits met, of notes and other items: made from the changes (domain/graph.py), like the rows.
CREATE TABLE clash (
  item_id   BLOB NOT NULL,
  id        TEXT NOT NULL,
  kind      TEXT NOT NULL,
  space_id  INTEGER NOT NULL REFERENCES space (n),
  field     TEXT NOT NULL,
  base      TEXT NOT NULL,
  ours      TEXT NOT NULL,
  theirs    TEXT NOT NULL,
  merged    TEXT NOT NULL,
  ours_by   BLOB NOT NULL,
  theirs_by BLOB NOT NULL,
  PRIMARY KEY (item_id, id)
) WITHOUT ROWID;

-- Items of the circles and of what the person's devices know of each other (domain/circles.py).
CREATE TABLE comment (
  n          INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  space_id   INTEGER NOT NULL REFERENCES space (n),
  heads      BLOB NOT NULL,
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL,
  about      TEXT NOT NULL,
  text       TEXT NOT NULL,
  deleted_us INTEGER
);
CREATE INDEX comment_about ON comment (about, created_us);
CREATE INDEX comment_handle ON comment (substr(id, 11), space_id);
CREATE TABLE device_name (
  n          INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  space_id   INTEGER NOT NULL REFERENCES space (n),
  heads      BLOB NOT NULL,
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL,
  name       TEXT NOT NULL,
  deleted_us INTEGER
);
CREATE TABLE member_name (
  n          INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  space_id   INTEGER NOT NULL REFERENCES space (n),
  heads      BLOB NOT NULL,
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL,
  member     TEXT NOT NULL,
  name       TEXT NOT NULL,
  deleted_us INTEGER
);
CREATE TABLE circle_name (
  n          INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  space_id   INTEGER NOT NULL REFERENCES space (n),
  heads      BLOB NOT NULL,
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL,
  name       TEXT NOT NULL,
  deleted_us INTEGER
);
-- In the personal space: which circles the person is in, so that each of their devices finds them.
CREATE TABLE membership (
  n          INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  space_id   INTEGER NOT NULL REFERENCES space (n),
  heads      BLOB NOT NULL,
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL,
  circle     TEXT NOT NULL,
  remote     TEXT NOT NULL,
  deleted_us INTEGER
);

-- The logs that this vault keeps for others, as a remote: entries in the order in which they came.
CREATE TABLE relay_space (
  id         BLOB PRIMARY KEY,
  generation INTEGER NOT NULL,
  seq        INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE relay_entry (
  space_id BLOB NOT NULL,
  seq      INTEGER NOT NULL,
  device   BLOB NOT NULL,
  number   INTEGER NOT NULL,
  hash     BLOB NOT NULL,
  type     INTEGER NOT NULL,
  raw      BLOB,
  PRIMARY KEY (space_id, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX relay_chain ON relay_entry (space_id, device, number);
CREATE INDEX relay_control ON relay_entry (space_id, seq) WHERE type = 2;
CREATE TABLE relay_mail (
  slot  BLOB PRIMARY KEY,
  bytes BLOB NOT NULL,
  at_us INTEGER NOT NULL
) WITHOUT ROWID;

-- Items that were removed for good here: what a log still has of them is not taken in again.
CREATE TABLE purged (
  item_id BLOB PRIMARY KEY
) WITHOUT ROWID;
