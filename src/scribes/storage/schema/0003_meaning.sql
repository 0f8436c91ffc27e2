-- Meaning: the vectors of notes, and the links between notes. All of it is made from the notes and can be made anew.

-- What made the vectors: vectors of two spaces are never compared. `digest` covers weights, tokenizer, pooling, prefixes
-- and the way notes are cut into pieces; `probe` is the row of a known sentence, to notice an embedder that changed.
CREATE TABLE embedding_space (
  n          INTEGER PRIMARY KEY,
  digest     BLOB NOT NULL UNIQUE,
  embedder   TEXT NOT NULL,
  dimensions INTEGER NOT NULL,
  chunker    INTEGER NOT NULL,
  probe      BLOB NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('building', 'active', 'retired')),
  created_us INTEGER NOT NULL
);
CREATE UNIQUE INDEX embedding_space_active ON embedding_space (state) WHERE state = 'active';

-- One row a text: signed bytes, as many as the space has dimensions. `hash` is of the text that was embedded, so the
-- same text is embedded once.
CREATE TABLE vector (
  n       INTEGER PRIMARY KEY,
  space_n INTEGER NOT NULL REFERENCES embedding_space (n),
  hash    BLOB NOT NULL,
  value   BLOB NOT NULL,
  UNIQUE (space_n, hash)
);

-- Which piece of which note a vector stands for; begin and stop are code points of the body. Those of a note that
-- changed or went to the trash leave in the same transaction, so a search never finds what is no longer written.
CREATE TABLE piece (
  note_n   INTEGER NOT NULL REFERENCES note (n) ON DELETE CASCADE,
  space_n  INTEGER NOT NULL REFERENCES embedding_space (n),
  position INTEGER NOT NULL,
  begin    INTEGER NOT NULL,
  stop     INTEGER NOT NULL,
  vector_n INTEGER NOT NULL REFERENCES vector (n),
  PRIMARY KEY (note_n, space_n, position)
) WITHOUT ROWID;
CREATE INDEX piece_vector ON piece (vector_n, note_n);

-- Vectors that lost a piece, by whatever way: those without any are taken out later, a few at a time.
CREATE TABLE vector_unused (
  vector_n INTEGER PRIMARY KEY
);
CREATE TRIGGER piece_gone AFTER DELETE ON piece BEGIN
  INSERT OR IGNORE INTO vector_unused (vector_n) VALUES (old.vector_n);
END;

-- Every vector is either here, in the tail that a search reads row by row, or in one page.
CREATE TABLE vector_tail (
  vector_n INTEGER PRIMARY KEY REFERENCES vector (n) ON DELETE CASCADE,
  space_n  INTEGER NOT NULL REFERENCES embedding_space (n)
);

-- The sign bits of many vectors side by side, to be scanned at once: `vectors` are their keys, `signs` their bits, `size`
-- their number. Cell 0 has no centre. A page fits into one page of the file (docs/decisions/0021).
CREATE TABLE vector_page (
  n       INTEGER PRIMARY KEY,
  space_n INTEGER NOT NULL REFERENCES embedding_space (n),
  cell    INTEGER NOT NULL,
  size    INTEGER NOT NULL,
  vectors BLOB NOT NULL,
  signs   BLOB NOT NULL
);
CREATE INDEX vector_page_cell ON vector_page (space_n, cell, size);

-- Cells as they were learnt together: the rows of their centres side by side, numbered from `first`, when the space had
-- `learnt_from` vectors. The pages of older cells move to the newest, a few at a time.
CREATE TABLE vector_cells (
  space_n     INTEGER NOT NULL REFERENCES embedding_space (n),
  first       INTEGER NOT NULL,
  learnt_from INTEGER NOT NULL,
  centres     BLOB NOT NULL,
  PRIMARY KEY (space_n, first)
) WITHOUT ROWID;

-- Notes whose pieces and links are not up to date. Written with the change itself; a job empties it.
CREATE TABLE to_index (
  note_n INTEGER PRIMARY KEY REFERENCES note (n) ON DELETE CASCADE
);
INSERT INTO to_index (note_n) SELECT n FROM note;

-- ---- The graph of notes. `link` and what stands below it can be made anew from the notes (docs/decisions/0022). ----

-- What a person decided about links: a line each, "choice<tab>id of the other note<tab>why" (domain/links.py). Part of
-- the content.
ALTER TABLE note ADD COLUMN links TEXT NOT NULL DEFAULT '';

-- The best of each automatic kind (0 same passage, 1 linked passage, 2 similar) of each note; two notes are linked when
-- one stands in the list of the other. Scores are thousandths. here and there say on what the link rests: positions in
-- note_ref or piece, of from_n and of to_n. No foreign keys: the row of a note that was removed for good tells whose
-- list it has left.
CREATE TABLE link (
  from_n INTEGER NOT NULL,
  kind   INTEGER NOT NULL,
  to_n   INTEGER NOT NULL,
  score  INTEGER NOT NULL,
  here   INTEGER NOT NULL,
  there  INTEGER NOT NULL,
  PRIMARY KEY (from_n, kind, to_n)
) WITHOUT ROWID;
CREATE INDEX link_to ON link (to_n, kind);

-- The passages that a note's links were made from, and in how many notes each verse is so named.
CREATE TABLE link_note (
  note_n   INTEGER PRIMARY KEY,
  passages TEXT NOT NULL
);
CREATE TABLE link_use (
  verse INTEGER PRIMARY KEY,
  notes INTEGER NOT NULL
);

-- Links by hand: what a note is called, what stands in [[ ]] (folded; begin and stop are code points of the body), and
-- what was chosen about another note, by its id.
CREATE TABLE link_name (
  name   TEXT NOT NULL,
  note_n INTEGER NOT NULL,
  PRIMARY KEY (name, note_n)
) WITHOUT ROWID;
CREATE INDEX link_name_note ON link_name (note_n);
CREATE TABLE link_text (
  note_n   INTEGER NOT NULL,
  position INTEGER NOT NULL,
  name     TEXT NOT NULL,
  begin    INTEGER NOT NULL,
  stop     INTEGER NOT NULL,
  PRIMARY KEY (note_n, position)
) WITHOUT ROWID;
CREATE INDEX link_text_name ON link_text (name);
CREATE TABLE link_choice (
  note_n INTEGER NOT NULL,
  other  BLOB NOT NULL,
  choice TEXT NOT NULL,
  why    TEXT NOT NULL,
  PRIMARY KEY (note_n, other, choice)
) WITHOUT ROWID;
CREATE INDEX link_choice_other ON link_choice (other);

-- What notes are about, beside what all of them are about (vectors/notes.py): what is taken away from each, which was
-- made of so many of them (`embedded` have a sense now), and what is left, on pages of 64 notes by their keys.
CREATE TABLE link_view (
  space_n    INTEGER PRIMARY KEY,
  notes      INTEGER NOT NULL,
  embedded   INTEGER NOT NULL,
  centre     BLOB NOT NULL,
  directions BLOB NOT NULL
);
CREATE TABLE link_sense (
  page INTEGER PRIMARY KEY,
  rows BLOB NOT NULL
);

-- Notes whose links are not up to date, in the order in which that came about. A key is never used twice, so what came
-- after a look is not taken for what was there.
CREATE TABLE link_todo (
  n      INTEGER PRIMARY KEY AUTOINCREMENT,
  note_n INTEGER NOT NULL
);
