-- No program wrote or read rows of the first `conflicts`, so it is made anew instead of being widened.
DROP TABLE conflicts;

CREATE TABLE conflicts (
    id TEXT PRIMARY KEY NOT NULL,
    household_id TEXT NOT NULL REFERENCES households (id),
    kind TEXT NOT NULL CHECK (kind IN ('path', 'group', 'row_gone')),
    path TEXT NOT NULL,
    my_visit_id TEXT NOT NULL REFERENCES visits (id),
    my_visit_rev BIGINT NOT NULL,
    my_by_id TEXT NOT NULL REFERENCES users (id),
    my_at TIMESTAMP NOT NULL,
    their_visit_id TEXT REFERENCES visits (id),
    their_visit_rev BIGINT,
    their_by_id TEXT REFERENCES users (id),
    their_at TIMESTAMP,
    state TEXT NOT NULL CHECK (state IN ('open', 'decided', 'void')),
    visitor_until TIMESTAMP NOT NULL,
    choice TEXT CHECK (choice IN ('mine', 'theirs', 'other', 'revisit')),
    decided_by_id TEXT REFERENCES users (id),
    decided_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    sealed TEXT NOT NULL,
    decision TEXT
);

CREATE INDEX conflicts_household ON conflicts (household_id, state);
CREATE INDEX conflicts_my_visit ON conflicts (my_visit_id);
CREATE INDEX conflicts_my_by ON conflicts (my_by_id, state);
CREATE INDEX conflicts_queue ON conflicts (state, created_at, id);

-- SQLite cannot change a CHECK: the feed is copied. Its numbers, and the next one, stay.
CREATE TABLE changes_next (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    tx BIGINT NOT NULL DEFAULT 0,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('household', 'visit', 'conflict', 'outcome', 'evict')),
    entity_id TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
INSERT INTO changes_next (seq, tx, user_id, kind, entity_id, at)
    SELECT seq, tx, user_id, kind, entity_id, at FROM changes;
INSERT INTO sqlite_sequence (name, seq)
    SELECT 'changes_next', seq FROM sqlite_sequence
    WHERE name = 'changes' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'changes_next');
DROP TABLE changes;
ALTER TABLE changes_next RENAME TO changes;
CREATE INDEX changes_user ON changes (user_id, tx, seq);
