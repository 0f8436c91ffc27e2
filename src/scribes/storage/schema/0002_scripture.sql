-- Passages of Scripture that notes name, and what a person decided about them.

-- A person's choices: a line each, "choice<tab>start<tab>end<tab>text" (domain/passages.py). Part of the content.
ALTER TABLE note ADD COLUMN refs TEXT NOT NULL DEFAULT '';

-- The references of the notes outside the trash, made from their text and choices; `doctor` can make them anew. begin
-- and stop are code points of the body, -1 for the title and for what is pinned. A length class holds ranges that are
-- alike in length, so that "what overlaps these verses" is one range scan for each (domain/passages.py).
CREATE TABLE note_ref (
  note_n       INTEGER NOT NULL REFERENCES note (n) ON DELETE CASCADE,
  position     INTEGER NOT NULL,
  length_class INTEGER NOT NULL,
  start        INTEGER NOT NULL,
  "end"        INTEGER NOT NULL,
  occurred_us  INTEGER NOT NULL,
  begin        INTEGER NOT NULL,
  stop         INTEGER NOT NULL,
  confidence   REAL NOT NULL,
  how          TEXT NOT NULL CHECK (how IN ('explicit', 'context', 'pinned', 'corrected')),
  text         TEXT NOT NULL,
  PRIMARY KEY (note_n, position)
) WITHOUT ROWID;
-- Covers the whole question, the date of the note included: no row of a note is read before the best are known.
CREATE INDEX note_ref_place ON note_ref (length_class, start, "end", occurred_us, note_n);
