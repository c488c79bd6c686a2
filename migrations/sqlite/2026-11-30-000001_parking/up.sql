-- Operations that could not be decided: why, whose they are, and what became of them. Their bodies stay sealed in
-- `operations`, at the position that the row names. `receipt` is the answer that ended one without a new position.
CREATE TABLE parked (
    op_id TEXT PRIMARY KEY NOT NULL,
    device_id TEXT NOT NULL REFERENCES devices (id),
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    author_id TEXT NOT NULL REFERENCES users (id),
    author_role TEXT NOT NULL,
    region_code TEXT NOT NULL,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    subject_id TEXT NOT NULL,
    household_id TEXT,
    after_op TEXT,
    clock_offset_ms BIGINT NOT NULL,
    monotonic_ms BIGINT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('op.after', 'op.unknown', 'op.failed')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'played', 'refused', 'dismissed')),
    tries BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    parked_at TIMESTAMP NOT NULL,
    tried_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    ended_by_id TEXT REFERENCES users (id),
    receipt TEXT
);

CREATE INDEX parked_queue ON parked (state, parked_at, op_id);
CREATE INDEX parked_region ON parked (state, region_code);
CREATE INDEX parked_author ON parked (author_id, state);
CREATE INDEX parked_after ON parked (after_op, state);

-- What was parked before and never decided gets its row. Which operation one waits for was not noted then, so those
-- wait for a person.
INSERT INTO parked (
    op_id, device_id, epoch, seq, author_id, author_role, region_code, kind, version, subject_id, household_id,
    clock_offset_ms, monotonic_ms, reason, state, tries, recorded_at, parked_at, tried_at)
SELECT
    o.op_id, o.device_id, o.epoch, o.seq, u.id, u.role, u.scope, o.kind, o.version, o.subject_id,
    COALESCE(
        (SELECT v.household_id FROM visits v WHERE v.id = o.subject_id),
        (SELECT k.household_id FROM conflicts k WHERE k.id = o.subject_id)),
    0, 0, o.reason, 'waiting', o.tries, o.recorded_at, o.parked_at, o.received_at
FROM (
    SELECT
        p.op_id, p.device_id, p.epoch, p.seq, p.kind, p.version, p.recorded_at, p.received_at,
        json_extract(p.receipt, '$.subject.id') AS subject_id,
        json_extract(p.receipt, '$.code') AS reason,
        COUNT(*) OVER (PARTITION BY p.op_id) AS tries,
        MIN(p.received_at) OVER (PARTITION BY p.op_id) AS parked_at,
        ROW_NUMBER() OVER (
            PARTITION BY p.op_id ORDER BY p.received_at DESC, p.epoch DESC, p.seq DESC) AS place
    FROM operations p
    WHERE p.outcome = 'parked' AND NOT EXISTS (
        SELECT 1 FROM operations d
        WHERE d.op_id = p.op_id AND d.outcome NOT IN ('parked', 'duplicate')
            AND d.receipt NOT LIKE '%"op.id_taken"%')
) o
JOIN devices d ON d.id = o.device_id
JOIN users u ON u.id = d.user_id
WHERE o.place = 1;
