-- Twin of migrations/sqlite/2026-12-01-000001_twice.

-- Two files of one household are a conflict, too.
ALTER TABLE conflicts DROP CONSTRAINT conflicts_kind_check;
ALTER TABLE conflicts ADD CONSTRAINT conflicts_kind_check CHECK (kind IN ('path', 'group', 'row_gone', 'twice'));
CREATE INDEX conflicts_twice ON conflicts (path, state) WHERE kind = 'twice';

-- Blind indexes of the ID numbers that a visit brings, so that two visits that wait find each other.
CREATE TABLE visit_keys (
    visit_id TEXT COLLATE "C" NOT NULL REFERENCES visits (id),
    person_id TEXT COLLATE "C" NOT NULL,
    id_no_index TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (visit_id, person_id)
);
CREATE INDEX visit_keys_id_no ON visit_keys (id_no_index);
