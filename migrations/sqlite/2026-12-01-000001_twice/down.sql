DROP TABLE visit_keys;
-- What an older program cannot read goes; whoever asks again asks as a reviewer.
UPDATE visits SET state = 'in_review' WHERE state = 'conflict'
    AND NOT EXISTS (SELECT 1 FROM conflicts WHERE my_visit_id = visits.id AND state = 'open' AND kind <> 'twice');
DELETE FROM changes WHERE kind = 'conflict' AND entity_id IN (SELECT id FROM conflicts WHERE kind = 'twice');
DELETE FROM conflicts WHERE kind = 'twice';
CREATE TABLE conflicts_next (
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
INSERT INTO conflicts_next SELECT * FROM conflicts;
DROP TABLE conflicts;
ALTER TABLE conflicts_next RENAME TO conflicts;
CREATE INDEX conflicts_household ON conflicts (household_id, state);
CREATE INDEX conflicts_my_visit ON conflicts (my_visit_id);
CREATE INDEX conflicts_my_by ON conflicts (my_by_id, state);
CREATE INDEX conflicts_queue ON conflicts (state, created_at, id);
