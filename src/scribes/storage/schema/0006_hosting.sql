-- A server: many people in one file. In an open space the server is one more device of each of them (0037).

-- The people whose open spaces lie here. `space_n`: their personal space, NULL where that is sealed. `settings`: what
-- they chose, as JSON; `review_rules`: by what their cards come back, as `review_retention` and `review_parameters` in
-- the meta of a vault, parted by spaces.
CREATE TABLE hosted (
  n        INTEGER PRIMARY KEY,
  device_n INTEGER NOT NULL REFERENCES device (n),
  space_n  INTEGER REFERENCES space (n),
  name     TEXT NOT NULL,
  settings TEXT NOT NULL DEFAULT '{}',
  review_rules TEXT NOT NULL DEFAULT ''
);

-- Their role in each space they are or were in; '' once they are no longer in it.
CREATE TABLE hosted_space (
  hosted_n INTEGER NOT NULL REFERENCES hosted (n),
  space_n  INTEGER NOT NULL REFERENCES space (n),
  role     TEXT NOT NULL,
  PRIMARY KEY (hosted_n, space_n)
) WITHOUT ROWID;
CREATE INDEX hosted_space_people ON hosted_space (space_n, role);

-- Among many people, what one has to do is read from one's own part of an index. Only for what asks so: an index that
-- begins with a space would tempt other questions of a vault, where it tells nothing.
CREATE INDEX card_own ON card (space_id) WHERE deleted_us IS NULL;
CREATE INDEX card_own_new ON card (space_id, due_us) WHERE due_us IS NOT NULL AND reviews = 0;
CREATE INDEX card_own_seen ON card (space_id, due_us) WHERE due_us IS NOT NULL AND reviews > 0;
CREATE INDEX reminder_own_next ON reminder (space_id, next_us) WHERE next_us IS NOT NULL;
CREATE INDEX reminder_own_open ON reminder (space_id, open_us) WHERE open_us IS NOT NULL;
CREATE INDEX prayer_own ON prayer (space_id, state) WHERE deleted_us IS NULL;
CREATE INDEX review_own ON review (space_id, day);
CREATE INDEX prayed_own ON prayed (space_id, day);
