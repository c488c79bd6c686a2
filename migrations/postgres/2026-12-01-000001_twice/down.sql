DROP TABLE visit_keys;
-- What an older program cannot read goes; whoever asks again asks as a reviewer.
UPDATE visits SET state = 'in_review' WHERE state = 'conflict'
    AND NOT EXISTS (SELECT 1 FROM conflicts WHERE my_visit_id = visits.id AND state = 'open' AND kind <> 'twice');
DELETE FROM changes WHERE kind = 'conflict' AND entity_id IN (SELECT id FROM conflicts WHERE kind = 'twice');
DROP INDEX conflicts_twice;
DELETE FROM conflicts WHERE kind = 'twice';
ALTER TABLE conflicts DROP CONSTRAINT conflicts_kind_check;
ALTER TABLE conflicts ADD CONSTRAINT conflicts_kind_check CHECK (kind IN ('path', 'group', 'row_gone'));
