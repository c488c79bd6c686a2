-- Without conflicts a visit that was held up by one waits for review like any other.
UPDATE visits SET state = 'in_review' WHERE state = 'conflict';

DROP TABLE conflicts;

CREATE TABLE conflicts (
    id TEXT PRIMARY KEY NOT NULL,
    household_id TEXT NOT NULL REFERENCES households (id),
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    base TEXT,
    theirs TEXT,
    mine TEXT,
    their_visit_id TEXT,
    my_visit_id TEXT,
    state TEXT NOT NULL CHECK (state IN ('open', 'decided')),
    decided_by TEXT REFERENCES users (id),
    decided_at TIMESTAMP,
    decision TEXT,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX conflicts_household ON conflicts (household_id, state);

CREATE TABLE changes_before (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    tx BIGINT NOT NULL DEFAULT 0,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('household', 'visit', 'outcome', 'evict')),
    entity_id TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
INSERT INTO changes_before (seq, tx, user_id, kind, entity_id, at)
    SELECT seq, tx, user_id, kind, entity_id, at FROM changes WHERE kind <> 'conflict';
INSERT INTO sqlite_sequence (name, seq)
    SELECT 'changes_before', seq FROM sqlite_sequence
    WHERE name = 'changes' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'changes_before');
DROP TABLE changes;
ALTER TABLE changes_before RENAME TO changes;
CREATE INDEX changes_user ON changes (user_id, tx, seq);
