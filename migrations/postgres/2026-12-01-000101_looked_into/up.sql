-- Twin of migrations/sqlite/2026-12-01-000101_looked_into.

-- When somebody looked into what a phone holds and that never came; empty again once it reports.
ALTER TABLE devices ADD COLUMN asked_at TIMESTAMP;
