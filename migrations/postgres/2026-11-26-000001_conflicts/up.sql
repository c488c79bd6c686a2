-- No program wrote or read rows of the first `conflicts`, so it is made anew instead of being widened.
DROP TABLE conflicts;

CREATE TABLE conflicts (
    id TEXT COLLATE "C" PRIMARY KEY,
    household_id TEXT COLLATE "C" NOT NULL REFERENCES households (id),
    kind TEXT NOT NULL CHECK (kind IN ('path', 'group', 'row_gone')),
    path TEXT NOT NULL,
    my_visit_id TEXT COLLATE "C" NOT NULL REFERENCES visits (id),
    my_visit_rev BIGINT NOT NULL,
    my_by_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    my_at TIMESTAMP NOT NULL,
    their_visit_id TEXT COLLATE "C" REFERENCES visits (id),
    their_visit_rev BIGINT,
    their_by_id TEXT COLLATE "C" REFERENCES users (id),
    their_at TIMESTAMP,
    state TEXT NOT NULL CHECK (state IN ('open', 'decided', 'void')),
    visitor_until TIMESTAMP NOT NULL,
    choice TEXT CHECK (choice IN ('mine', 'theirs', 'other', 'revisit')),
    decided_by_id TEXT COLLATE "C" REFERENCES users (id),
    decided_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    sealed TEXT NOT NULL,
    decision TEXT
);
ALTER TABLE conflicts ALTER COLUMN sealed SET COMPRESSION lz4;

CREATE INDEX conflicts_household ON conflicts (household_id, state);
CREATE INDEX conflicts_my_visit ON conflicts (my_visit_id);
CREATE INDEX conflicts_my_by ON conflicts (my_by_id, state);
CREATE INDEX conflicts_queue ON conflicts (state, created_at, id);

ALTER TABLE changes DROP CONSTRAINT changes_kind_check;
ALTER TABLE changes ADD CONSTRAINT changes_kind_check
    CHECK (kind IN ('household', 'visit', 'conflict', 'outcome', 'evict'));
