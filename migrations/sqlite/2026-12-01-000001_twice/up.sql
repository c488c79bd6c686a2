-- Twin of migrations/postgres/2026-12-01-000001_twice.

-- Two files of one household are a conflict, too. SQLite cannot change a CHECK: the rows are copied.
CREATE TABLE conflicts_next (
    id TEXT PRIMARY KEY NOT NULL,
    household_id TEXT NOT NULL REFERENCES households (id),
    kind TEXT NOT NULL CHECK (kind IN ('path', 'group', 'row_gone', 'twice')),
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
INSERT INTO conflicts_next SELECT * FROM conflicts;
DROP TABLE conflicts;
ALTER TABLE conflicts_next RENAME TO conflicts;
CREATE INDEX conflicts_household ON conflicts (household_id, state);
CREATE INDEX conflicts_my_visit ON conflicts (my_visit_id);
CREATE INDEX conflicts_my_by ON conflicts (my_by_id, state);
CREATE INDEX conflicts_queue ON conflicts (state, created_at, id);
CREATE INDEX conflicts_twice ON conflicts (path, state) WHERE kind = 'twice';

-- Blind indexes of the ID numbers that a visit brings, so that two visits that wait find each other.
CREATE TABLE visit_keys (
    visit_id TEXT NOT NULL REFERENCES visits (id),
    person_id TEXT NOT NULL,
    id_no_index TEXT NOT NULL,
    PRIMARY KEY (visit_id, person_id)
);
CREATE INDEX visit_keys_id_no ON visit_keys (id_no_index);
