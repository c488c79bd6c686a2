//! One set of tables for both databases: only types that both know (migrations/README.md has the table of types).

diesel::table! {
    meta (key) { key -> Text, value -> Text, created_at -> Timestamp, }
}
diesel::table! {
    regions (code) { code -> Text, parent -> Nullable<Text>, zh -> Text, en -> Text, }
}
diesel::table! {
    users (id) {
        id -> Text,
        login -> Text,
        name -> Text,
        work_phone -> Nullable<Text>,
        password_hash -> Text,
        role -> Text,
        scope -> Text,
        disabled_at -> Nullable<Timestamp>,
        scope_version -> BigInt,
        stamp -> BigInt,
        is_synthetic -> Bool,
        created_at -> Timestamp,
    }
}
diesel::table! {
    devices (id) {
        id -> Text,
        user_id -> Text,
        label -> Text,
        epoch -> BigInt,
        next_seq -> BigInt,
        held_count -> BigInt,
        held_first_seq -> Nullable<BigInt>,
        held_last_seq -> Nullable<BigInt>,
        held_head -> Text,
        app_build -> Text,
        created_at -> Timestamp,
        last_seen_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
        held_since -> Nullable<Timestamp>,
        lost_count -> BigInt,
        lost_at -> Nullable<Timestamp>,
        asked_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        device_id -> Text,
        refresh_hash -> Text,
        previous_hash -> Nullable<Text>,
        created_at -> Timestamp,
        rotated_at -> Timestamp,
        expires_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    login_throttle (key) {
        key -> Text,
        failures -> BigInt,
        window_started_at -> Timestamp,
        blocked_until -> Nullable<Timestamp>,
    }
}
diesel::table! {
    households (id) {
        id -> Text,
        rev -> BigInt,
        status -> Text,
        file_no -> Nullable<Text>,
        name -> Text,
        region_code -> Text,
        address -> Text,
        contact_id -> Nullable<Text>,
        responsible_id -> Nullable<Text>,
        author_id -> Text,
        hash -> Text,
        next_visit_due_on -> Nullable<Text>,
        last_visit_on -> Nullable<Text>,
        is_synthetic -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        body -> Text,
        sealed -> Text,
    }
}
diesel::table! {
    household_revisions (household_id, rev) {
        household_id -> Text,
        rev -> BigInt,
        visit_id -> Nullable<Text>,
        visit_rev -> Nullable<BigInt>,
        by_id -> Text,
        at -> Timestamp,
        changed -> Text,
        hash -> Text,
        body -> Text,
        sealed -> Text,
    }
}
diesel::table! {
    person_keys (household_id, person_id) {
        household_id -> Text,
        person_id -> Text,
        id_no_index -> Nullable<Text>,
        phone_index -> Nullable<Text>,
    }
}
diesel::table! {
    visit_keys (visit_id, person_id) {
        visit_id -> Text,
        person_id -> Text,
        id_no_index -> Text,
    }
}
diesel::table! {
    visits (id) {
        id -> Text,
        household_id -> Text,
        region_code -> Text,
        visitor_id -> Text,
        device_id -> Text,
        rev -> BigInt,
        hash -> Text,
        state -> Text,
        visit_type -> Text,
        outcome -> Text,
        base_rev -> BigInt,
        started_at -> Timestamp,
        ended_at -> Timestamp,
        received_at -> Timestamp,
        warnings -> BigInt,
        review -> Nullable<Text>,
        file_rev -> Nullable<BigInt>,
        updated_at -> Timestamp,
        body -> Text,
        sealed -> Text,
    }
}
diesel::table! {
    visit_revisions (visit_id, rev) {
        visit_id -> Text,
        rev -> BigInt,
        device_id -> Text,
        op_id -> Text,
        received_at -> Timestamp,
        hash -> Text,
        review -> Nullable<Text>,
        body -> Text,
        sealed -> Text,
    }
}
diesel::table! {
    operations (device_id, epoch, seq) {
        device_id -> Text,
        epoch -> BigInt,
        seq -> BigInt,
        op_id -> Text,
        kind -> Text,
        version -> BigInt,
        content_hash -> Text,
        outcome -> Text,
        receipt -> Text,
        body -> Nullable<Text>,
        sealed -> Nullable<Text>,
        recorded_at -> Timestamp,
        received_at -> Timestamp,
    }
}
diesel::table! {
    parked (op_id) {
        op_id -> Text,
        device_id -> Text,
        epoch -> BigInt,
        seq -> BigInt,
        author_id -> Text,
        author_role -> Text,
        region_code -> Text,
        kind -> Text,
        version -> BigInt,
        subject_id -> Text,
        household_id -> Nullable<Text>,
        after_op -> Nullable<Text>,
        clock_offset_ms -> BigInt,
        monotonic_ms -> BigInt,
        reason -> Text,
        state -> Text,
        tries -> BigInt,
        recorded_at -> Timestamp,
        parked_at -> Timestamp,
        tried_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        ended_by_id -> Nullable<Text>,
        receipt -> Nullable<Text>,
    }
}
diesel::table! {
    conflicts (id) {
        id -> Text,
        household_id -> Text,
        kind -> Text,
        path -> Text,
        my_visit_id -> Text,
        my_visit_rev -> BigInt,
        my_by_id -> Text,
        my_at -> Timestamp,
        their_visit_id -> Nullable<Text>,
        their_visit_rev -> Nullable<BigInt>,
        their_by_id -> Nullable<Text>,
        their_at -> Nullable<Timestamp>,
        state -> Text,
        visitor_until -> Timestamp,
        choice -> Nullable<Text>,
        decided_by_id -> Nullable<Text>,
        decided_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        sealed -> Text,
        decision -> Nullable<Text>,
    }
}
diesel::table! {
    changes (seq) {
        seq -> BigInt,
        tx -> BigInt,
        user_id -> Text,
        kind -> Text,
        entity_id -> Text,
        at -> Timestamp,
    }
}
diesel::table! {
    definitions (kind, key, version) {
        kind -> Text,
        key -> Text,
        version -> BigInt,
        body -> Text,
        hash -> Text,
        published_at -> Timestamp,
    }
}
diesel::table! {
    audit (shard, seq) {
        shard -> Text,
        seq -> BigInt,
        at -> Timestamp,
        actor_id -> Nullable<Text>,
        device_id -> Nullable<Text>,
        action -> Text,
        subject_kind -> Text,
        subject_id -> Text,
        detail -> Text,
        prev_hash -> Text,
        hash -> Text,
    }
}
diesel::table! {
    audit_heads (shard) { shard -> Text, seq -> BigInt, hash -> Text, }
}

diesel::joinable!(devices -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(sessions -> devices (device_id));
diesel::joinable!(visits -> households (household_id));
diesel::allow_tables_to_appear_in_same_query!(users, devices, sessions);
diesel::allow_tables_to_appear_in_same_query!(households, visits, person_keys, visit_keys, conflicts);
diesel::allow_tables_to_appear_in_same_query!(users, conflicts);
