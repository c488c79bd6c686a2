-- Twin of migrations/postgres/2026-11-23-000001_base.

-- Facts about this database: history id, demo flag.
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE regions (
    code TEXT PRIMARY KEY NOT NULL,
    parent TEXT,
    zh TEXT NOT NULL,
    en TEXT NOT NULL
);

CREATE TABLE users (
    id TEXT PRIMARY KEY NOT NULL,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    work_phone TEXT,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL
        CHECK (role IN (
            'caseworker', 'responsible', 'grassroots_admin', 'banner_supervisor',
            'industry_supervisor', 'city_reviewer', 'city_admin', 'finance', 'auditor', 'card_clerk',
            'read_only_leader', 'sysop')),
    scope TEXT NOT NULL,
    disabled_at TIMESTAMP,
    scope_version BIGINT NOT NULL DEFAULT 1,
    stamp BIGINT NOT NULL DEFAULT 1,
    is_synthetic BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE devices (
    id TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    label TEXT NOT NULL,
    epoch BIGINT NOT NULL DEFAULT 1,
    next_seq BIGINT NOT NULL DEFAULT 1,
    held_count BIGINT NOT NULL DEFAULT 0,
    held_first_seq BIGINT,
    held_last_seq BIGINT,
    held_head TEXT NOT NULL DEFAULT '',
    app_build TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP
);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    device_id TEXT NOT NULL REFERENCES devices (id),
    refresh_hash TEXT NOT NULL UNIQUE,
    previous_hash TEXT,
    created_at TIMESTAMP NOT NULL,
    rotated_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP
);

CREATE TABLE login_throttle (
    key TEXT PRIMARY KEY NOT NULL,
    failures BIGINT NOT NULL,
    window_started_at TIMESTAMP NOT NULL,
    blocked_until TIMESTAMP
);

CREATE TABLE households (
    id TEXT PRIMARY KEY NOT NULL,
    rev BIGINT NOT NULL,
    status TEXT NOT NULL
        CHECK (status IN (
            'lead', 'draft', 'first_review', 'means_check', 'publicity', 'second_review', 'active',
            'regular', 'fading', 'exited', 'cancelled', 'archived', 'closed_lead', 'rejected')),
    file_no TEXT UNIQUE,
    name TEXT NOT NULL,
    region_code TEXT NOT NULL,
    address TEXT NOT NULL,
    contact_id TEXT REFERENCES users (id),
    responsible_id TEXT REFERENCES users (id),
    author_id TEXT NOT NULL REFERENCES users (id),
    hash TEXT NOT NULL,
    next_visit_due_on TEXT,
    last_visit_on TEXT,
    is_synthetic BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    body TEXT NOT NULL,
    sealed TEXT NOT NULL
);

CREATE TABLE household_revisions (
    household_id TEXT NOT NULL REFERENCES households (id),
    rev BIGINT NOT NULL,
    visit_id TEXT,
    visit_rev BIGINT,
    by_id TEXT NOT NULL REFERENCES users (id),
    at TIMESTAMP NOT NULL,
    changed TEXT NOT NULL,
    hash TEXT NOT NULL,
    body TEXT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (household_id, rev)
);

CREATE TABLE person_keys (
    household_id TEXT NOT NULL REFERENCES households (id),
    person_id TEXT NOT NULL,
    id_no_index TEXT,
    phone_index TEXT,
    PRIMARY KEY (household_id, person_id)
);

CREATE TABLE visits (
    id TEXT PRIMARY KEY NOT NULL,
    household_id TEXT NOT NULL REFERENCES households (id),
    region_code TEXT NOT NULL,
    visitor_id TEXT NOT NULL REFERENCES users (id),
    device_id TEXT NOT NULL REFERENCES devices (id),
    rev BIGINT NOT NULL,
    hash TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN (
            'submitted', 'conflict', 'in_review', 'approved', 'returned', 'rejected', 'withdrawn')),
    visit_type TEXT NOT NULL
        CHECK (visit_type IN (
            'V01', 'V02', 'V03', 'V04', 'V05', 'V06', 'V07', 'V08', 'V09')),
    outcome TEXT NOT NULL,
    base_rev BIGINT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP NOT NULL,
    received_at TIMESTAMP NOT NULL,
    warnings BIGINT NOT NULL,
    review TEXT,
    file_rev BIGINT,
    updated_at TIMESTAMP NOT NULL,
    body TEXT NOT NULL,
    sealed TEXT NOT NULL
);

CREATE TABLE visit_revisions (
    visit_id TEXT NOT NULL REFERENCES visits (id),
    rev BIGINT NOT NULL,
    device_id TEXT NOT NULL,
    op_id TEXT NOT NULL,
    received_at TIMESTAMP NOT NULL,
    hash TEXT NOT NULL,
    review TEXT,
    body TEXT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (visit_id, rev)
);

CREATE TABLE operations (
    device_id TEXT NOT NULL REFERENCES devices (id),
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    op_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    content_hash TEXT NOT NULL,
    outcome TEXT NOT NULL
        CHECK (outcome IN (
            'applied', 'merged', 'conflict', 'parked', 'refused', 'duplicate')),
    receipt TEXT NOT NULL,
    body TEXT,
    sealed TEXT,
    recorded_at TIMESTAMP NOT NULL,
    received_at TIMESTAMP NOT NULL,
    PRIMARY KEY (device_id, epoch, seq)
);

CREATE TABLE conflicts (
    id TEXT PRIMARY KEY NOT NULL,
    household_id TEXT NOT NULL REFERENCES households (id),
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    base TEXT,
    theirs TEXT,
    mine TEXT,
    their_visit_id TEXT,
    my_visit_id TEXT,
    state TEXT NOT NULL CHECK (state IN ('open', 'decided')),
    decided_by TEXT REFERENCES users (id),
    decided_at TIMESTAMP,
    decision TEXT,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    tx BIGINT NOT NULL DEFAULT 0,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('household', 'visit', 'outcome', 'evict')),
    entity_id TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);

CREATE TABLE definitions (
    kind TEXT NOT NULL CHECK (kind IN ('dictionary', 'codes', 'form', 'regions')),
    key TEXT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    published_at TIMESTAMP NOT NULL,
    PRIMARY KEY (kind, key, version)
);

CREATE TABLE audit (
    shard TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at TIMESTAMP NOT NULL,
    actor_id TEXT,
    device_id TEXT,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    detail TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (shard, seq)
);

CREATE TABLE audit_heads (
    shard TEXT PRIMARY KEY NOT NULL,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);

CREATE INDEX devices_user ON devices (user_id, id);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_device ON sessions (device_id);
CREATE INDEX sessions_previous_hash ON sessions (previous_hash);
CREATE INDEX users_scope ON users (scope, id);
CREATE INDEX households_region ON households (region_code, id);
CREATE INDEX households_contact ON households (contact_id, id);
CREATE INDEX households_responsible ON households (responsible_id, id);
CREATE INDEX households_due ON households (next_visit_due_on, id);
CREATE INDEX person_keys_id_no ON person_keys (id_no_index);
CREATE INDEX person_keys_phone ON person_keys (phone_index);
CREATE INDEX visits_queue ON visits (state, region_code, received_at, id);
CREATE INDEX visits_household ON visits (household_id, started_at);
CREATE INDEX visits_visitor ON visits (visitor_id, state, received_at, id);
CREATE INDEX operations_op ON operations (op_id);
CREATE INDEX conflicts_household ON conflicts (household_id, state);
CREATE INDEX changes_user ON changes (user_id, tx, seq);
CREATE INDEX audit_subject ON audit (subject_kind, subject_id);
