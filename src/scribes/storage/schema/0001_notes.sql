-- The file from its first day: notes as a graph of changes, with the present state in plain tables beside it.

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value
) WITHOUT ROWID;

CREATE TABLE space (
  n          INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  kind       TEXT NOT NULL CHECK (kind IN ('personal', 'circle')),
  mode       TEXT NOT NULL CHECK (mode IN ('sealed', 'open')),
  name       TEXT NOT NULL,
  created_us INTEGER NOT NULL
);

CREATE TABLE device (
  n          INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  created_us INTEGER NOT NULL
);

-- One row a command that changed something: what `undo` takes back. Local, never synchronised.
CREATE TABLE operation (
  n       INTEGER PRIMARY KEY,
  command TEXT NOT NULL,
  at_us   INTEGER NOT NULL,
  undoes  INTEGER REFERENCES operation (n),
  undone  INTEGER NOT NULL DEFAULT 0
);

-- The history of everything. `n` is the order of arrival here and means nothing elsewhere; `parents` are ids side by
-- side; `body` is packed JSON (storage/coding.py, docs/reference/file-format.md); `seq` is NULL until a log of the space has the change.
CREATE TABLE change (
  n         INTEGER PRIMARY KEY,
  id        BLOB NOT NULL UNIQUE,
  space_id  INTEGER NOT NULL REFERENCES space (n),
  item_id   BLOB NOT NULL,
  kind      TEXT NOT NULL,
  parents   BLOB NOT NULL,
  device_id INTEGER NOT NULL REFERENCES device (n),
  at_us     INTEGER NOT NULL,
  schema    INTEGER NOT NULL,
  operation INTEGER REFERENCES operation (n),
  seq       INTEGER,
  body      BLOB NOT NULL
);
CREATE INDEX change_item ON change (item_id);
CREATE INDEX change_operation ON change (operation);

-- The present state of notes, made from their changes; `doctor` can make it anew. The body stands last, so that a
-- listing never reads the pages a long one spills over to.
CREATE TABLE note (
  n               INTEGER PRIMARY KEY,
  id              BLOB NOT NULL UNIQUE,
  space_id        INTEGER NOT NULL REFERENCES space (n),
  heads           BLOB NOT NULL,
  occurred_us     INTEGER NOT NULL,
  occurred_offset INTEGER NOT NULL,
  created_us      INTEGER NOT NULL,
  changed_us      INTEGER NOT NULL,
  deleted_us      INTEGER,
  title           TEXT NOT NULL,
  speaker         TEXT NOT NULL,
  venue           TEXT NOT NULL,
  series          TEXT NOT NULL,
  tags            TEXT NOT NULL,
  topics          TEXT NOT NULL,
  body            TEXT NOT NULL
);
CREATE INDEX note_recent ON note (space_id, occurred_us DESC, n DESC) WHERE deleted_us IS NULL;
CREATE INDEX note_trash ON note (space_id, deleted_us DESC) WHERE deleted_us IS NOT NULL;
CREATE INDEX note_handle ON note (substr(id, 11), space_id);

CREATE TABLE note_label (
  kind   TEXT NOT NULL CHECK (kind IN ('tag', 'topic')),
  name   TEXT NOT NULL,
  note_n INTEGER NOT NULL REFERENCES note (n) ON DELETE CASCADE,
  PRIMARY KEY (kind, name, note_n)
) WITHOUT ROWID;
CREATE INDEX note_label_note ON note_label (note_n);

-- Kept in step by storage/notes.py, in the same transaction; triggers would double the cost of an import.
CREATE VIRTUAL TABLE note_text USING fts5 (
  title, body, speaker, venue, series, tags, topics,
  content = 'note', content_rowid = 'n',
  tokenize = 'porter unicode61 remove_diacritics 2', prefix = '3'
);
-- An import keeps more in memory before it writes, and merges rarely: half the time (docs/decisions/0013).
INSERT INTO note_text (note_text, rank) VALUES ('hashsize', 16777216);
INSERT INTO note_text (note_text, rank) VALUES ('automerge', 8);
-- What was typed in an editor and not yet saved.
CREATE TABLE draft (
  n          INTEGER PRIMARY KEY,
  note_id    BLOB,
  revision   TEXT,
  text       TEXT NOT NULL,
  started_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL
);

-- Which file a note came from, so that importing a folder again adds nothing twice.
CREATE TABLE imported (
  source  TEXT PRIMARY KEY,
  note_id BLOB NOT NULL,
  digest  BLOB NOT NULL,
  heads   BLOB NOT NULL
) WITHOUT ROWID;
