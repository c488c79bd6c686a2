ALTER TABLE devices DROP COLUMN asked_at;
