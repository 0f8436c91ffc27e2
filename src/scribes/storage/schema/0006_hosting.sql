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
