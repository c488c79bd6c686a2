-- Twin of migrations/postgres/2026-11-30-000002_handover.

-- When a household left somebody's hands, for work that comes in afterwards.
CREATE INDEX changes_evict ON changes (user_id, entity_id) WHERE kind = 'evict';

-- Since when a phone holds what has not arrived, and what went missing on it.
ALTER TABLE devices ADD COLUMN held_since TIMESTAMP;
ALTER TABLE devices ADD COLUMN lost_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN lost_at TIMESTAMP;
