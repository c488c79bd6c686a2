//! Synthetic visits: the proposals that a phone would have sent.

use super::random::Random;
use ruhu_domain::form::changes::Change;
use ruhu_domain::ids::{HouseholdId, VisitId};
use ruhu_domain::time::Time;
use ruhu_domain::visit::{ExplainedWarning, FormRef, Proposal, VisitType};
use serde_json::{Map, Value, json};

/// What makes one visit differ from another.
#[derive(Debug, Clone)]
pub struct Plan {
    pub household: HouseholdId,
    pub base_rev: i64,
    pub visit_type: VisitType,
    pub outcome: &'static str,
    pub started_at: Time,
    pub minutes: i64,
    pub clock_offset_ms: i64,
    pub changes: Vec<Change>,
    /// Codes of `changes_declared`, for revisits.
    pub declared: Vec<&'static str>,
    pub consent: bool,
    pub warnings: Vec<ExplainedWarning>,
}

/// The proposal of one visit, first revision.
pub fn proposal(random: &mut Random, plan: Plan) -> Proposal {
    let ended_at = plan.started_at.plus_ms(plan.minutes * 60_000);
    let form = plan.visit_type.code().to_owned();
    Proposal {
        id: VisitId(random.uuid(plan.started_at.micros())),
        rev: 1,
        household_id: plan.household,
        base_rev: plan.base_rev,
        visit: answers(&plan),
        visit_type: plan.visit_type,
        form: FormRef { id: form, version: 1 },
        dictionary_version: 1,
        app_version: "demo".to_owned(),
        nonce: Some(random.nonce()),
        started_at: plan.started_at,
        ended_at,
        monotonic_ms: plan.minutes * 60_000,
        clock_offset_ms: plan.clock_offset_ms,
        changes: plan.changes,
        later: Vec::new(),
        unchanged: Vec::new(),
        warnings: plan.warnings,
        evidence: Vec::new(),
        signatures: Vec::new(),
    }
}

fn answers(plan: &Plan) -> Map<String, Value> {
    let mut visit = Map::new();
    let mut put = |key: &str, value: Value| {
        visit.insert(key.to_owned(), value);
    };
    put("outcome", json!(plan.outcome));
    match plan.outcome {
        "absent" => put("absent_note", json!(["left_note"])),
        "refused" => put("refuse_reason", json!("asked_later")),
        "moved" => put("moved_where", json!("same_banner")),
        _ => {
            put("respondent", json!("self"));
            put("consent_notice", json!(true));
            put("consent_sensitive", json!(plan.consent));
            put("consent_method", json!("witnessed_oral"));
            put("consent_witness", json!("示例社区网格员"));
            let first = plan.visit_type == VisitType::FirstSurvey;
            put("conclusion", json!(if first { "fits" } else { "keep" }));
            if !first {
                put(
                    "changes_declared",
                    json!(if plan.declared.is_empty() { vec!["none"] } else { plan.declared.clone() }),
                );
            }
            if first || !plan.declared.is_empty() {
                put("opinion_text", json!("演示数据：情况属实，建议按规定继续联系。"));
            }
        }
    }
    visit
}
