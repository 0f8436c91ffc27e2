-- Time: reminders, prayers, cards to review, and the jobs that wait for their moment.
--
-- Reminders, prayers and cards are items of the history, as notes are; each row is the present state of one. What stands
-- below "-- derived" is made from the changes and from what happened on this device, and is in no change.

CREATE TABLE reminder (
  n          INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  space_id   INTEGER NOT NULL REFERENCES space (n),
  heads      BLOB NOT NULL,
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL,
  about_kind TEXT NOT NULL,
  about      TEXT NOT NULL,
  text       TEXT NOT NULL,
  starts     TEXT NOT NULL,
  zone       TEXT NOT NULL,
  rule       TEXT NOT NULL,
  typed      TEXT NOT NULL,
  done_us    INTEGER,
  snoozed_us INTEGER,
  state      TEXT NOT NULL,
  deleted_us INTEGER,
  -- derived: when it fires next; the occurrence that was told here last; the last sleep that ended by telling it; the
  -- occurrence that fired and waits to be dealt with.
  next_us    INTEGER,
  told_us    INTEGER,
  slept_us   INTEGER,
  open_us    INTEGER,
  late       INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX reminder_next ON reminder (next_us) WHERE next_us IS NOT NULL;
CREATE INDEX reminder_open ON reminder (open_us) WHERE open_us IS NOT NULL;
CREATE INDEX reminder_handle ON reminder (substr(id, 11), space_id);
CREATE INDEX reminder_about ON reminder (about) WHERE about != '';

CREATE TABLE prayer (
  n           INTEGER PRIMARY KEY,
  id          BLOB NOT NULL UNIQUE,
  space_id    INTEGER NOT NULL REFERENCES space (n),
  heads       BLOB NOT NULL,
  created_us  INTEGER NOT NULL,
  changed_us  INTEGER NOT NULL,
  title       TEXT NOT NULL,
  body        TEXT NOT NULL,
  note        TEXT NOT NULL,
  people      TEXT NOT NULL,
  tags        TEXT NOT NULL,
  rhythm      TEXT NOT NULL,
  state       TEXT NOT NULL,
  answered_on TEXT NOT NULL,
  thanks      TEXT NOT NULL,
  deleted_us  INTEGER,
  -- derived: when it was last prayed for, and how often.
  prayed_us   INTEGER,
  times       INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX prayer_open ON prayer (state, prayed_us) WHERE deleted_us IS NULL;
CREATE INDEX prayer_handle ON prayer (substr(id, 11), space_id);

CREATE TABLE prayed (
  n          INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  space_id   INTEGER NOT NULL REFERENCES space (n),
  heads      BLOB NOT NULL,
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL,
  prayer     TEXT NOT NULL,
  at_us      INTEGER NOT NULL,
  day        TEXT NOT NULL,
  words      TEXT NOT NULL,
  deleted_us INTEGER
);
CREATE INDEX prayed_prayer ON prayed (prayer, at_us);
CREATE INDEX prayed_day ON prayed (day);

CREATE TABLE card (
  n           INTEGER PRIMARY KEY,
  id          BLOB NOT NULL UNIQUE,
  space_id    INTEGER NOT NULL REFERENCES space (n),
  heads       BLOB NOT NULL,
  created_us  INTEGER NOT NULL,
  changed_us  INTEGER NOT NULL,
  source_kind TEXT NOT NULL,
  source      TEXT NOT NULL,
  text        TEXT NOT NULL,
  translation TEXT NOT NULL,
  suspended   INTEGER NOT NULL,
  deleted_us  INTEGER,
  -- derived: the schedule, made from the log of reviews. due_us is NULL for what never comes.
  due_us      INTEGER,
  phase       INTEGER NOT NULL DEFAULT 0,
  step        INTEGER,
  stability   REAL,
  difficulty  REAL,
  reviewed_us INTEGER,
  reviews     INTEGER NOT NULL DEFAULT 0,
  lapses      INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX card_due ON card (due_us) WHERE due_us IS NOT NULL;
CREATE INDEX card_new ON card (due_us) WHERE due_us IS NOT NULL AND reviews = 0;
CREATE INDEX card_seen ON card (due_us) WHERE due_us IS NOT NULL AND reviews > 0;
CREATE INDEX card_source ON card (source);
CREATE INDEX card_handle ON card (substr(id, 11), space_id);

CREATE TABLE review (
  n          INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  space_id   INTEGER NOT NULL REFERENCES space (n),
  heads      BLOB NOT NULL,
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL,
  card       TEXT NOT NULL,
  at_us      INTEGER NOT NULL,
  day        TEXT NOT NULL,
  rating     INTEGER NOT NULL,
  took_ms    INTEGER NOT NULL,
  mode       TEXT NOT NULL,
  deleted_us INTEGER
);
-- All that a schedule or a plot asks of the log, so that neither reads its rows.
CREATE INDEX review_card ON review (card, at_us, day, rating, deleted_us);
CREATE INDEX review_day ON review (day);

-- What waits to be done at a moment, written in the transaction of the change that needs it. The rows lie in the order
-- of their moments, so that what is due lies side by side (docs/decisions/0025). `key`, where there is one, stands once.
-- `attempts` may begin anew, `claims` only grows: it tells whose a job is that was taken twice.
-- `once`: after it is done its key is kept in job_done, and never taken again. `lease_us`: a runner has it, until then.
-- A parked job keeps failing and waits for a person; its moment is the last one there is.
CREATE TABLE job (
  run_us     INTEGER NOT NULL,
  id         BLOB NOT NULL,
  kind       TEXT NOT NULL,
  key        TEXT,
  once       INTEGER NOT NULL,
  payload    TEXT NOT NULL,
  attempts   INTEGER NOT NULL DEFAULT 0,
  claims     INTEGER NOT NULL DEFAULT 0,
  lease_us   INTEGER,
  parked_us  INTEGER,
  error      TEXT NOT NULL DEFAULT '',
  created_us INTEGER NOT NULL,
  PRIMARY KEY (run_us, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX job_key ON job (key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX job_id ON job (id);
CREATE INDEX job_lease ON job (lease_us) WHERE lease_us IS NOT NULL;

CREATE TABLE job_done (
  key     TEXT PRIMARY KEY,
  done_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX job_done_old ON job_done (done_us);

-- The ways a reminder reaches a person from this device, with their secrets; and what was sent on them.
CREATE TABLE channel (
  n             INTEGER PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE,
  kind          TEXT NOT NULL,
  config        TEXT NOT NULL,
  secret        TEXT NOT NULL,
  shows_text    INTEGER NOT NULL,
  failures      INTEGER NOT NULL DEFAULT 0,
  open_until_us INTEGER NOT NULL DEFAULT 0,
  created_us    INTEGER NOT NULL
);
CREATE TABLE delivery (
  key      TEXT PRIMARY KEY,
  channel  TEXT NOT NULL,
  reminder BLOB NOT NULL,
  due_us   INTEGER NOT NULL,
  at_us    INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  late     INTEGER NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('sent', 'waiting', 'given up')),
  error    TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX delivery_recent ON delivery (at_us);
CREATE INDEX delivery_reminder ON delivery (reminder);
