-- Twin of migrations/sqlite/2026-12-01-000102_outcomes.

-- Who was told of the end of a parked operation, for `ruhu verify`: without it each step reads the whole feed.
CREATE INDEX changes_outcome ON changes (entity_id) WHERE kind = 'outcome';
