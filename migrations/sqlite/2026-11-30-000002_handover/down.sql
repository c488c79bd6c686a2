ALTER TABLE devices DROP COLUMN lost_at;
ALTER TABLE devices DROP COLUMN lost_count;
ALTER TABLE devices DROP COLUMN held_since;
DROP INDEX changes_evict;
