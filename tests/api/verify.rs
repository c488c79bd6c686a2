//! `ruhu verify`: nothing is broken after real traffic, and each planted damage is found under its invariant.

use diesel::prelude::*;
use ruhu_domain::actor::Role;
use ruhu_domain::ids::HouseholdId;
use ruhu_server::app::App;
use ruhu_server::app::verify::verify_database;
use ruhu_server::cli::verify::as_text;
use ruhu_server::demo;
use ruhu_store::verify::{Invariant, Report, verify};
use ruhu_store::{Conn, StoreError, TransactionError, household_file};
use ruhu_tests::factories::{ADDRESS, PHONE, TOWN};
use ruhu_tests::{Actor, TestApp, Visit, a_first_survey, a_revisit, a_visit, on_both_databases, on_one_database};
use serde_json::{Value, json};
use uuid::Uuid;

const MASKED_PHONE: &str = "154****5678";
const ELSEWHERE: &str = "示例社区88号楼1单元101室";

/// People and visits of a day on which everything happened that can happen.
struct Day {
    ana: Actor,
    boss: Actor,
    /// Approved as file revision 1, and the revisit that made revision 2 of the same file.
    first: Visit,
    revisit: Visit,
    /// Returned, sent again, approved.
    mended: Visit,
    withdrawn: Visit,
    waiting: Visit,
    /// Seen by Ana once, now in somebody else's hands.
    handed_over: Visit,
}

async fn a_busy_day(app: &TestApp) -> Day {
    let ana = app.caseworker().sign_in().await;
    let ben = app.caseworker().sign_in().await;
    let boss = app.supervisor().sign_in().await;
    let _union = app.hire(Role::GrassrootsAdmin).in_region(TOWN).sign_in().await;
    let first = ana.submits(a_first_survey()).await.applied();
    boss.approves(&first).await.ok();
    let draft = a_revisit(&first, 1).moved_to(ELSEWHERE).set("residence_note", json!("从东门进"));
    let revisit = ana.submits(draft).await.applied();
    app.clock.pass_s(60);
    boss.approves(revisit.approval().declining("residence_note", "没有核实")).await.ok();
    let draft = a_first_survey();
    let mended = ana.submits(draft.clone()).await.applied();
    boss.returns(&mended).await.ok();
    let again = draft.again(&mended, 2).set("residence_address", json!("示例社区05号楼1单元101室"));
    let again = ana.submits(again).await.applied();
    boss.approves(&again).await.ok();
    let rejected = ana.submits(a_visit()).await.applied();
    boss.rejects(&rejected).await.ok();
    let withdrawn = ana.submits(a_visit()).await.applied();
    ana.withdraws(&withdrawn, "登记错了").await.receipt().applied();
    let taken_back = ana.submits(a_visit()).await.applied();
    boss.returns(&taken_back).await.ok();
    ana.withdraws(&taken_back, "不再需要").await.receipt().applied();
    // Refused, parked, and the same again under other numbers.
    ana.submits(a_visit().in_town("150603001")).await.refused_with("household.out_of_area");
    let dance = ana.op("visit.dance", Uuid::now_v7(), &json!({ "steps": 3 }));
    ana.pushes(&[dance]).await.receipt().parked_with("op.unknown");
    let (op, waiting) = ana.submission(a_visit());
    ana.pushes(std::slice::from_ref(&op)).await.receipt().applied();
    ana.begins_epoch(2);
    let (mut same, other) = (op, ana.op("visit.dance", Uuid::now_v7(), &json!({})));
    same["seq"] = other["seq"].clone();
    assert_eq!(ana.pushes(&[same]).await.receipt().0["outcome"], "duplicate");
    let handed_over = ana.submits(a_visit()).await.applied();
    app.clock.pass_s(60);
    boss.assigns(handed_over.household, Some(ben.id), None).await.ok();
    Day { ana, boss, first, revisit, mended: again, withdrawn, waiting, handed_over }
}

async fn report(app: &TestApp) -> Report {
    verify_database(app.db().db(), &app.keys, &app.app.definitions).await.unwrap()
}

fn findings(report: &Report) -> Vec<String> {
    let name = |(invariant, finding): (Invariant, &ruhu_store::verify::Finding)| {
        format!("{} {} {} {}", invariant.name(), finding.kind, finding.id, finding.says)
    };
    report.findings().map(name).collect()
}

/// How a transaction ends that only tried something.
enum Undone {
    Store(StoreError),
    Saw(Report),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl TransactionError for Undone {
    fn as_store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Saw(_) => None,
        }
    }
}

/// What is found while these statements are in force; then they are taken back.
async fn with_damage(app: &TestApp, statements: &[String]) -> Vec<String> {
    let (parts, statements): (App, Vec<String>) = (app.app.clone(), statements.to_vec());
    let ended = app.db().write(move |c: &mut Conn| -> Result<(), Undone> {
        for statement in &statements {
            let hit = diesel::sql_query(statement).execute(c).map_err(StoreError::from)?;
            assert!(hit > 0, "{statement} changes nothing");
        }
        Err(Undone::Saw(verify(c, &parts.vault, &parts.definitions)?))
    });
    match ended.await {
        Err(Undone::Saw(report)) => findings(&report),
        Err(Undone::Store(error)) => panic!("{error}"),
        Ok(()) => panic!("it was kept"),
    }
}

/// Plants a damage and expects it to be named: the invariant, and words of the sentence.
async fn finds(app: &TestApp, invariant: &str, says: &str, statements: &[String]) {
    let found = with_damage(app, statements).await;
    let is_named = |line: &String| line.split(' ').next() == Some(invariant) && line.contains(says);
    assert!(found.iter().any(is_named), "{invariant} … {says} … is missed after {statements:#?}: {found:#?}");
    assert!(!found.iter().any(|line| line.contains(PHONE) || line.contains(ELSEWHERE)), "{found:#?}");
}

macro_rules! plant {
    ($app:expr, $invariant:literal, $says:literal, $($statement:expr),+ $(,)?) => {
        finds($app, $invariant, $says, &[$(format!($statement)),+]).await
    };
}

on_both_databases! {
    async fn nothing_is_broken_after_a_busy_day(app: &TestApp) {
        a_busy_day(app).await;
        let report = report(app).await;
        assert_eq!(findings(&report), Vec::<String>::new());
        let unseen = [Invariant::I5, Invariant::I7, Invariant::I10];
        for (invariant, section) in report.sections() {
            assert_eq!(section.total() == 0, unseen.contains(&invariant), "{invariant:?} {:?}", section.checked);
        }
        assert!(as_text(&report).last().unwrap().starts_with("Nothing is broken; "));
    }

    async fn a_look_in_the_midst_of_work_sees_no_halves(app: &TestApp) {
        let boss = app.supervisor().sign_in().await;
        let people = [app.caseworker().sign_in().await, app.caseworker().sign_in().await];
        let works = people.iter().map(|ana| async {
            for _ in 0..6 {
                let visit = ana.submits(a_first_survey()).await.applied();
                boss.approves(&visit).await.ok();
            }
        });
        let looks = async {
            for _ in 0..6 {
                assert_eq!(findings(&report(app).await), Vec::<String>::new());
            }
        };
        let [one, two] = works.collect::<Vec<_>>().try_into().ok().unwrap();
        tokio::join!(one, two, looks);
    }

    async fn a_database_without_work_has_nothing_to_check(app: &TestApp) {
        let report = report(app).await;
        assert_eq!((report.checked(), report.broken()), (0, 0));
        assert_eq!(as_text(&report).last().unwrap(), "There is nothing to check: the database holds no work yet.");
    }

    async fn lost_and_doubled_operations_are_found(app: &TestApp) {
        let day = a_busy_day(app).await;
        let (ana, waiting, withdrawn) = (day.ana.device, day.waiting.id, day.withdrawn.id);
        let of_ana = format!("device_id = '{ana}'");
        plant!(app, "I1", "has no receipt for numbers 2 to 2 of epoch 1", "DELETE FROM operations WHERE {of_ana} AND epoch = 1 AND seq = 2");
        plant!(app, "I1", "has no receipt for numbers 3 to 3 of epoch 2", "UPDATE devices SET next_seq = next_seq + 1 WHERE id = '{ana}'");
        plant!(app, "I1", "its body is gone", "UPDATE operations SET sealed = NULL WHERE outcome = 'refused'");
        plant!(app, "I1", "keeps a body that cannot be opened", "UPDATE operations SET sealed = 'v1.k1.AAAA' WHERE outcome = 'parked'");
        plant!(app, "I1", "has a receipt or an outcome that cannot be read", "UPDATE operations SET receipt = 'lost' WHERE {of_ana} AND epoch = 1 AND seq = 1");
        plant!(app, "I1", "was acknowledged, and revision 1 of visit",
            "DELETE FROM visit_revisions WHERE visit_id = '{waiting}'", "DELETE FROM visits WHERE id = '{waiting}'");
        plant!(app, "I1", "is not withdrawn at revision 1", "UPDATE visits SET state = 'in_review' WHERE id = '{withdrawn}'");
        plant!(app, "I2", "has receipts beyond that", "UPDATE devices SET next_seq = 1 WHERE id = '{ana}'");
        plant!(app, "I2", "has a receipt of another number", "UPDATE operations SET op_id = '{waiting}' WHERE {of_ana} AND epoch = 1 AND seq = 1");
        plant!(app, "I2", "was given 2 effects", "UPDATE operations SET outcome = 'applied' WHERE {of_ana} AND outcome = 'duplicate'");
        plant!(app, "I2", "repeats an answer that nobody was given", "UPDATE operations SET receipt = replace(receipt, '\"rev\":1', '\"rev\":2') WHERE outcome = 'duplicate'");
        plant!(app, "I2", "which had no effect or is not there", "UPDATE visit_revisions SET op_id = '{ana}' WHERE visit_id = '{waiting}'");
        plant!(app, "I2", "names another operation or device", "UPDATE visit_revisions SET op_id = '{ana}' WHERE visit_id = '{waiting}'");
        let of_waiting = format!("op_id = (SELECT op_id FROM visit_revisions WHERE visit_id = '{waiting}')");
        plant!(app, "I2", "which had 2 effects", "UPDATE operations SET outcome = 'applied' WHERE {of_waiting}");
        plant!(app, "I2", "whose receipt is about another thing", "UPDATE operations SET kind = 'visit.dance' WHERE {of_waiting} AND outcome = 'applied'");
    }

    async fn halves_and_overwritten_values_are_found(app: &TestApp) {
        let day = a_busy_day(app).await;
        let (home, first, mended, waiting) = (day.first.household, day.first.id, day.mended.id, day.waiting.id);
        plant!(app, "I3", "has a name or an address in lists", "UPDATE households SET name = '别人' WHERE id = '{home}'");
        plant!(app, "I3", "has blind indexes that are not those", "DELETE FROM person_keys WHERE household_id = '{home}'");
        plant!(app, "I3", "differs from its last revision", "UPDATE visits SET rev = 1 WHERE id = '{mended}'");
        plant!(app, "I3", "holds another file than its last revision", "UPDATE households SET body = replace(body, '{ELSEWHERE}', '{ADDRESS}') WHERE id = '{home}'");
        plant!(app, "I3", "has an outcome that its proposal does not have", "UPDATE visits SET outcome = 'done' WHERE id = '{waiting}'");
        plant!(app, "I3", "which is not there", "UPDATE visits SET file_rev = 9 WHERE id = '{first}'");
        plant!(app, "I6", "has no revision between 0 and 2", "DELETE FROM household_revisions WHERE household_id = '{home}' AND rev = 1");
        plant!(app, "I6", "is at revision 2, and its last one is 1", "DELETE FROM household_revisions WHERE household_id = '{home}' AND rev = 2");
        plant!(app, "I6", "but keeps the revisions [2]", "DELETE FROM visit_revisions WHERE visit_id = '{mended}' AND rev = 1");
        plant!(app, "I6", "cannot be opened in households", "UPDATE households SET body = '{{' WHERE id = '{home}'");
        plant!(app, "I6", "cannot be opened in visits", "UPDATE visits SET sealed = '[1]' WHERE id = '{waiting}'");
        plant!(app, "I6", "cannot be opened in visit_revisions", "UPDATE visit_revisions SET sealed = (SELECT sealed FROM visits WHERE id = '{first}') WHERE visit_id = '{first}'");
        plant!(app, "I6", "does not name it", "UPDATE household_revisions SET changed = '[]' WHERE household_id = '{home}' AND rev = 2");
        plant!(app, "I6", "has a list of changes that cannot be read", "UPDATE household_revisions SET changed = '?' WHERE household_id = '{home}' AND rev = 2");
        plant!(app, "I6", "comes from no visit", "UPDATE household_revisions SET visit_id = NULL WHERE household_id = '{home}' AND rev = 2");
        // Somebody wrote into the file and made everything else fit: row, revision, hash.
        for (old, new, rev, says) in [
            (ELSEWHERE, "示例社区77号楼", 2, "holds another value at residence_address"),
            ("C07", "C01", 1, "does not hold what was approved at cause_primary"),
        ] {
            let hash = hash_with(app, home, old, new, rev).await;
            let set = format!("SET body = replace(body, '{old}', '{new}'), hash = '{hash}'");
            let statement = format!("UPDATE household_revisions {set} WHERE household_id = '{home}' AND rev = {rev}");
            finds(app, "I6", says, &[statement]).await;
        }
        let revisit = day.revisit.id;
        plant!(app, "I3", "holds the proposal of another visit", "UPDATE visit_revisions SET body = replace(body, '{waiting}', '{first}') WHERE visit_id = '{waiting}'");
        plant!(app, "I3", "holds another proposal than its last revision", "UPDATE visits SET body = replace(body, '{ADDRESS}', '{ELSEWHERE}') WHERE id = '{waiting}'");
        plant!(app, "I3", "holds what is no proposal", "UPDATE visits SET body = replace(body, '\"later\"', '\"latter\"') WHERE id = '{waiting}'");
        plant!(app, "I3", "has another hash than its last revision", "UPDATE households SET hash = '00' WHERE id = '{home}'");
        plant!(app, "I3", "which is not there", "DELETE FROM visit_keys WHERE visit_id = '{first}'", "DELETE FROM visit_revisions WHERE visit_id = '{first}'", "DELETE FROM visits WHERE id = '{first}'");
        plant!(app, "I3", "has blind indexes that are not those of its proposal", "UPDATE visit_keys SET id_no_index = 'x' WHERE visit_id = '{first}'");
        plant!(app, "I6", "saw revision 7, which is not there", "UPDATE visit_revisions SET body = replace(body, '\"base_rev\":1', '\"base_rev\":7') WHERE visit_id = '{revisit}'");
        let stranger = "replace(changed, '\"cause_primary\"', '\"cause_primary\",\"bank_card_no\"')";
        plant!(app, "I6", "names bank_card_no as changed", "UPDATE household_revisions SET changed = {stranger} WHERE household_id = '{home}' AND rev = 1");
        plant!(app, "I6", "names bank_card_no, which its visit did not bring", "UPDATE household_revisions SET changed = {stranger} WHERE household_id = '{home}' AND rev = 1");
    }

    async fn decisions_that_do_not_fit_are_found(app: &TestApp) {
        let day = a_busy_day(app).await;
        let (home, first, revisit, waiting) = (day.first.household, day.first.id, day.revisit.id, day.waiting.id);
        let (boss, mended) = (day.boss.id, day.mended.id);
        plant!(app, "I8", "is not what its hash says", "UPDATE visit_revisions SET body = replace(body, '{ELSEWHERE}', '{ADDRESS}') WHERE visit_id = '{revisit}'");
        plant!(app, "I8", "is rejected, and its review says approved", "UPDATE visits SET state = 'rejected' WHERE id = '{first}'");
        plant!(app, "I8", "is approved, and its review says none", "UPDATE visits SET state = 'approved' WHERE id = '{waiting}'");
        plant!(app, "I8", "is approved, and names no file revision", "UPDATE visits SET file_rev = NULL WHERE id = '{first}'");
        plant!(app, "I8", "has a state or a review that cannot be read", "UPDATE visits SET review = '?' WHERE id = '{first}'");
        plant!(app, "I8", "the review of revision 1 does not fit", "UPDATE visit_revisions SET review = NULL WHERE visit_id = '{mended}' AND rev = 1");
        plant!(app, "I8", "names another visit or revision", "UPDATE household_revisions SET visit_rev = 7 WHERE household_id = '{home}' AND rev = 1");
        plant!(app, "I8", "which was not approved as revision 1", "UPDATE household_revisions SET visit_id = '{waiting}' WHERE household_id = '{home}' AND rev = 1");
        plant!(app, "I8", "names another reviewer or time", "UPDATE household_revisions SET by_id = (SELECT author_id FROM households WHERE id = '{home}') WHERE household_id = '{home}'");
        plant!(app, "I8", "as the audit has it", "UPDATE audit SET detail = replace(detail, '\"file_rev\":2', '\"file_rev\":3') WHERE subject_id = '{revisit}' AND action = 'visit.approve'");
        plant!(app, "I9", "was decided by its own visitor", "UPDATE visits SET visitor_id = '{boss}' WHERE id = '{first}'");
        plant!(app, "I9", "was decided by its own visitor", "UPDATE household_revisions SET by_id = (SELECT visitor_id FROM visits WHERE id = '{first}') WHERE household_id = '{home}' AND rev = 1");
        plant!(app, "I8", "and names file revision 1", "UPDATE visits SET file_rev = 1 WHERE id = '{waiting}'");
        plant!(app, "I8", "has a review of revision 1 that cannot be read", "UPDATE visit_revisions SET review = '?' WHERE visit_id = '{first}'");
    }

    async fn parked_work_that_nobody_would_find_is_found(app: &TestApp) {
        let day = a_busy_day(app).await;
        let sysop = app.hire(Role::Sysop).sign_in().await;
        let (late, mut waiting) = (day.ana.submission(a_visit()).0, day.ana.submission(a_visit()).0);
        (waiting["after"], waiting["seq"]) = (late["id"].clone(), late["seq"].clone());
        day.ana.pushes(&[waiting.clone()]).await.receipt().parked_with("op.after");
        let mut late = late;
        late["seq"] = json!(waiting["seq"].as_i64().unwrap() + 1);
        day.ana.pushes(&[late]).await.receipt().applied();
        let dance = sysop.gets("/api/v1/parked").await.ok()["items"][0]["op_id"].clone();
        let (dance, played) = (dance.as_str().unwrap().to_owned(), waiting["id"].as_str().unwrap().to_owned());
        assert_eq!(findings(&report(app).await), Vec::<String>::new());
        plant!(app, "I1", "was parked, and stands on no list", "DELETE FROM parked WHERE op_id = '{dance}'");
        plant!(app, "I1", "names a position at which it is not", "UPDATE parked SET seq = seq + 1 WHERE op_id = '{dance}'");
        plant!(app, "I2", "waits, and was answered", "UPDATE parked SET state = 'waiting' WHERE op_id = '{played}'");
        plant!(app, "I2", "has no answer of its own or two", "UPDATE parked SET receipt = NULL WHERE op_id = '{played}'");
        plant!(app, "I2", "outcome than its state says", "UPDATE parked SET state = 'refused' WHERE op_id = '{played}'");
        plant!(app, "I1", "has a receipt that cannot be read", "UPDATE parked SET receipt = '?' WHERE op_id = '{played}'");
        plant!(app, "I2", "had no effect or is not there", "UPDATE parked SET state = 'waiting', receipt = NULL, ended_at = NULL WHERE op_id = '{played}'");
        plant!(app, "I1", "was acknowledged, and revision 7 of visit", "UPDATE parked SET receipt = replace(receipt, '\"rev\":1', '\"rev\":7') WHERE op_id = '{played}'");
        plant!(app, "I4", "its author was not told", "DELETE FROM changes WHERE kind = 'outcome' AND entity_id = '{played}'");
        plant!(app, "I14", "has no audit row of its end", "UPDATE parked SET ended_at = '2020-01-01 00:00:00' WHERE op_id = '{played}'");
        plant!(app, "sealed", "has a telephone number in its receipt", "UPDATE parked SET receipt = replace(receipt, 'in_review', '{PHONE}') WHERE op_id = '{played}'");
    }

    async fn what_phones_would_not_hear_is_found(app: &TestApp) {
        let day = a_busy_day(app).await;
        let (home, ana, handed) = (day.first.household, day.ana.id, day.handed_over.household);
        let (waiting, boss_device) = (day.waiting.id, day.boss.device);
        let of_ana = format!("user_id = '{ana}'");
        plant!(app, "I4", "is not what its hash says in households", "UPDATE households SET hash = '00' WHERE id = '{home}'");
        plant!(app, "I4", "was not told of the last change of household", "DELETE FROM changes WHERE {of_ana} AND entity_id = '{home}' AND seq = (SELECT max(seq) FROM changes WHERE {of_ana} AND entity_id = '{home}')",
            "UPDATE changes SET at = '2020-01-01 00:00:00' WHERE {of_ana} AND entity_id = '{home}'");
        plant!(app, "I4", "was not told of the last change of visit", "DELETE FROM changes WHERE {of_ana} AND entity_id = '{waiting}'");
        plant!(app, "I4", "which is never served", "UPDATE changes SET tx = 9000000000000000 WHERE {of_ana}");
        plant!(app, "I4", "which is not there", "UPDATE changes SET entity_id = '{ana}' WHERE {of_ana} AND kind = 'evict'");
        plant!(app, "I11", "was never told to drop it", "DELETE FROM changes WHERE {of_ana} AND kind = 'evict' AND entity_id = '{handed}'");
        plant!(app, "I11", "its household in 150602001", "UPDATE visits SET region_code = '150603001' WHERE id = '{waiting}'");
        plant!(app, "I11", "its file in another", "UPDATE households SET region_code = '150603001' WHERE id = '{home}'");
        plant!(app, "I11", "came from a device that is not its visitor's", "UPDATE visit_revisions SET device_id = '{boss_device}' WHERE visit_id = '{waiting}'");
    }

    async fn a_cut_audit_and_open_secrets_are_found(app: &TestApp) {
        let day = a_busy_day(app).await;
        let (home, first, boss, waiting) = (day.first.household, day.first.id, day.boss.id, day.waiting.id);
        plant!(app, "I14", "was changed after it was written", "UPDATE audit SET detail = '{{}}' WHERE shard = '{boss}' AND seq = 2");
        plant!(app, "I14", "misses the rows 2 to 2", "DELETE FROM audit WHERE shard = '{boss}' AND seq = 2");
        plant!(app, "I14", "does not follow from the row before it", "UPDATE audit SET prev_hash = '00' WHERE shard = '{boss}' AND seq = 2");
        plant!(app, "I14", "and its head at row", "DELETE FROM audit WHERE shard = '{boss}' AND seq = (SELECT seq FROM audit_heads WHERE shard = '{boss}')");
        plant!(app, "I14", "has rows and no head", "DELETE FROM audit_heads WHERE shard = '{boss}'");
        plant!(app, "I14", "has a head that is not its last row", "UPDATE audit_heads SET hash = '00' WHERE shard = '{boss}'");
        plant!(app, "I14", "has 0 audit rows of being approved", "DELETE FROM audit WHERE shard = '{boss}'", "DELETE FROM audit_heads WHERE shard = '{boss}'");
        plant!(app, "I14", "has 0 audit rows of its arrival", "DELETE FROM audit WHERE subject_id = '{waiting}'");
        plant!(app, "I14", "the audit does not have one row of that", "DELETE FROM audit WHERE action = 'visit.withdraw'");
        plant!(app, "I14", "has no audit row of its creation", "DELETE FROM audit WHERE subject_id = '{home}'");
        plant!(app, "I14", "has no audit row of its account's creation", "DELETE FROM audit WHERE subject_id = '{boss}'");
        plant!(app, "sealed", "does not cover the secret", "UPDATE households SET body = replace(body, '{MASKED_PHONE}', '{PHONE}') WHERE id = '{home}'");
        plant!(app, "sealed", "unencrypted (visits)", "UPDATE visits SET sealed = '{{}}', body = replace(body, '{MASKED_PHONE}', '{PHONE}') WHERE id = '{first}'");
        plant!(app, "sealed", "keeps a body unencrypted", "UPDATE operations SET body = 'x' WHERE outcome = 'refused'");
        plant!(app, "sealed", "has a telephone number in its receipt", "UPDATE operations SET receipt = replace(receipt, 'household.out_of_area', '{PHONE}') WHERE outcome = 'refused'");
        plant!(app, "sealed", "has a telephone number in its detail", "UPDATE audit SET detail = '{{\"tel\":\"{PHONE}\"}}' WHERE subject_id = '{first}'");
    }

    async fn a_demo_is_let_off_only_what_nobody_did(app: &TestApp) {
        let hash = app.app.passwords.hash(demo::PASSWORD.to_owned(), &app.app.env).await.unwrap();
        let options = demo::Options { households: 60, caseworkers: 9, ..demo::Options::default() };
        let (db, definitions) = (app.db().db(), &app.app.definitions);
        demo::seed(db, &app.app.vault, definitions, options, app.now(), &hash).await.unwrap();
        let before = report(app).await;
        assert_eq!(findings(&before), Vec::<String>::new());
        let ana = Actor::sign_in(app, "caseworker", demo::PASSWORD).await;
        let boss = Actor::sign_in(app, "supervisor", demo::PASSWORD).await;
        let visit = revisit_of_a_file(&ana).await;
        let (id, home) = (visit.id, visit.household);
        boss.approves(&visit).await.ok();
        assert_eq!(findings(&report(app).await), Vec::<String>::new());
        plant!(app, "I2", "which had no effect or is not there", "UPDATE visit_revisions SET op_id = '{home}' WHERE visit_id = '{id}'");
        plant!(app, "I14", "has 0 audit rows of its arrival", "DELETE FROM audit WHERE subject_id = '{id}' AND action = 'visit.submit'");
        plant!(app, "I4", "was not told of the last change of visit", "DELETE FROM changes WHERE entity_id = '{id}'");
    }
}

on_one_database! {
    // PostgreSQL keeps nothing but times in a column of times.
    async fn a_row_that_cannot_be_read_is_a_finding_and_not_the_end(app: &TestApp) {
        let day = a_busy_day(app).await;
        let (home, waiting, boss) = (day.first.household, day.waiting.id, day.boss.id);
        let behind = format!("UPDATE audit_heads SET hash = '00' WHERE shard = '{boss}'");
        for (invariant, says, statement) in [
            ("I6", "has a row that cannot be read", format!("UPDATE visits SET started_at = '?' WHERE id = '{waiting}'")),
            ("I6", "has a revision that cannot be read", format!("UPDATE visit_revisions SET received_at = '?' WHERE visit_id = '{waiting}'")),
            ("I4", "has a row that cannot be read", "UPDATE changes SET at = '?' WHERE kind = 'evict'".to_owned()),
            ("I14", "has a row that cannot be read", format!("UPDATE audit SET at = '?' WHERE shard = '{boss}' AND seq = 2")),
            ("I3", "which is not there", format!("UPDATE household_revisions SET at = '?' WHERE household_id = '{home}' AND rev = 1")),
        ] {
            finds(app, invariant, says, std::slice::from_ref(&statement)).await;
            // The audit's heads are looked at last.
            let both = [statement, behind.clone()];
            let found = with_damage(app, &both).await;
            assert!(found.iter().any(|line| line.contains(&boss.to_string()) && line.starts_with("I14")), "{found:#?}");
        }
    }
}

/// A visit of this caseworker to some file of theirs that is open, as their phone sees it.
async fn revisit_of_a_file(ana: &Actor) -> Visit {
    let phone = ana.pulls(None, 500).await;
    let is_open = |body: &&Value| body["status"] == "active" && body["contact"]["id"] == json!(ana.id);
    let body = phone.rows.values().find(is_open).expect("an open file");
    let (household, base_rev) = (body["id"].as_str().unwrap().parse().unwrap(), body["rev"].as_i64().unwrap());
    let proposal = json!({ "file_after": body["file"] });
    let seen = Visit { id: Uuid::nil(), household, rev: 1, hash: String::new(), base_rev, proposal };
    ana.submits(a_revisit(&seen, base_rev)).await.applied()
}

/// The hash that a file revision had if one text in it were another.
async fn hash_with(app: &TestApp, home: Uuid, old: &str, new: &str, rev: i64) -> String {
    let (parts, old, new) = (app.app.clone(), old.to_owned(), new.to_owned());
    let hashed = app.db().read(move |c: &mut Conn| -> Result<String, StoreError> {
        let file = household_file::find_file_at(c, &parts.vault, HouseholdId(home), rev)?.expect("a revision");
        let text = Value::Object(file).to_string().replace(&old, &new);
        parts.vault.file_hash(&serde_json::from_str(&text)?)
    });
    hashed.await.unwrap()
}
