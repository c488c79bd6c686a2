-- Without conflicts a visit that was held up by one waits for review like any other.
UPDATE visits SET state = 'in_review' WHERE state = 'conflict';

DROP TABLE conflicts;

CREATE TABLE conflicts (
    id TEXT COLLATE "C" PRIMARY KEY,
    household_id TEXT COLLATE "C" NOT NULL REFERENCES households (id),
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    base TEXT,
    theirs TEXT,
    mine TEXT,
    their_visit_id TEXT COLLATE "C",
    my_visit_id TEXT COLLATE "C",
    state TEXT NOT NULL CHECK (state IN ('open', 'decided')),
    decided_by TEXT COLLATE "C" REFERENCES users (id),
    decided_at TIMESTAMP,
    decision TEXT,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX conflicts_household ON conflicts (household_id, state);

DELETE FROM changes WHERE kind = 'conflict';
ALTER TABLE changes DROP CONSTRAINT changes_kind_check;
ALTER TABLE changes ADD CONSTRAINT changes_kind_check
    CHECK (kind IN ('household', 'visit', 'outcome', 'evict'));
