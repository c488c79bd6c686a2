//! A visit as it was sent: read, measured and judged before anything is kept.
//!
//! Nothing here touches the database, so a push does all of it before it takes its turn at writing.

use crate::app::error::AppError;
use crate::app::{App, AppResult};
use ruhu_domain::form::{self, Draft, File, Form, Meta, Problem, Severity, canonical_hash};
use ruhu_domain::ids::OpId;
use ruhu_domain::nonce::is_nonce;
use ruhu_domain::refusal::Finding;
use ruhu_domain::visit::{ExplainedWarning, FormRef, Proposal};
use ruhu_store::Covered;
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashSet;
use uuid::Uuid;

/// What a visit holds at most; the largest file that a form can make stays far below.
const CHANGES_MAX: usize = 2000;
const LISTED_MAX: usize = 200;
const PATH_MAX_BYTES: usize = 200;
const REASON_MAX_CHARS: usize = 1000;
/// Findings of one receipt at most; more help nobody at a phone.
const ERRORS_MAX: usize = 100;
/// Two centuries: more than any phone's clock can be wrong.
const CLOCK_OFFSET_MAX_MS: u64 = 200 * 366 * 86_400_000;

/// What a `visit.submit` brings, read and ready to be kept.
pub struct Submission {
    pub op: OpId,
    pub hash: String,
    pub proposal: Proposal,
    pub covered: Covered,
    judged: Option<Judged>,
}

/// The file that the caseworker began with.
#[derive(Debug, Default)]
pub struct Base {
    pub file: File,
    /// The file's hash; `None` for no file, and for a revision that is not the present one.
    pub hash: Option<String>,
    /// Whether anybody had filed the household before this visitor found it.
    pub is_filed: bool,
}

/// The file that a proposal makes of its base, whose answers were found right.
struct Judged {
    base_hash: Option<String>,
    is_filed: bool,
    file: File,
}

impl Submission {
    /// Reads a proposal that stayed as it was sent until now.
    pub fn read(app: &App, op: OpId, subject: Uuid, visit: &Value, hash: &str) -> AppResult<Self> {
        let proposal = read_proposal(visit, hash, subject)?;
        check_limits(&proposal)?;
        if let Some(path) = form::unkeepable(app.definitions.dictionary(), visit) {
            let finding = Finding { code: "value.type".to_owned(), path, params: None };
            return Err(AppError::invalid("visit.invalid", "The visit has errors").with_errors(vec![finding]));
        }
        let covered = app.vault.cover(visit)?;
        Ok(Self { op, hash: hash.to_owned(), proposal, covered, judged: None })
    }

    /// The form it was made with.
    pub fn form<'a>(&self, app: &'a App) -> AppResult<&'a Form> {
        let FormRef { id, version } = &self.proposal.form;
        let form = app.definitions.form(id, *version);
        let form = form.filter(|form| form.visit_type == self.proposal.visit_type.code());
        form.ok_or_else(|| AppError::invalid("form.unknown", "This form version is not known"))
    }

    /// Judges the answers by a base that is known by its hash, and remembers it when they are right.
    pub fn judge(&mut self, app: &App, base: &Base) {
        let Ok(form) = self.form(app) else { return };
        self.judged = self.file_on(app, form, base).ok().map(|file| {
            let base_hash = base.hash.clone();
            Judged { base_hash, is_filed: base.is_filed, file }
        });
    }

    /// The file that it makes of its base, when its answers are right.
    pub fn judged(&self, app: &App, form: &Form, base: &Base) -> AppResult<Cow<'_, File>> {
        let is_same = |known: &&Judged| known.is_filed == base.is_filed && known.base_hash == base.hash;
        // Without a hash only nothing is sure to be the same as before.
        let is_sure = base.hash.is_some() || base.file.is_empty();
        match self.judged.as_ref().filter(is_same) {
            Some(known) if is_sure => Ok(Cow::Borrowed(&known.file)),
            _ => self.file_on(app, form, base).map(Cow::Owned),
        }
    }

    fn file_on(&self, app: &App, form: &Form, base: &Base) -> AppResult<File> {
        let dictionary = app.definitions.dictionary();
        let file = form::apply(dictionary, Some(&base.file), &self.proposal.changes).map_err(|error| {
            let finding = Finding { code: error.code().to_owned(), path: error.path().to_owned(), params: None };
            AppError::invalid("visit.invalid", "The visit has errors").with_errors(vec![finding])
        })?;
        check_answers(app, form, base, &file, &self.proposal)?;
        Ok(file)
    }
}

fn read_proposal(visit: &Value, hash: &str, subject: Uuid) -> AppResult<Proposal> {
    if canonical_hash(visit)? != hash {
        return Err(AppError::invalid("visit.hash_mismatch", "The hash is not the visit's"));
    }
    let malformed = || AppError::invalid("op.body", "The body is not of its kind and version");
    let proposal: Proposal = Proposal::deserialize(visit).map_err(|_| malformed())?;
    // No signature is taken before there is a place for it; evidence names photos by their SHA-256.
    let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let is_whole = proposal.nonce.as_deref().is_none_or(is_nonce)
        && proposal.signatures.is_empty()
        && proposal.evidence.iter().all(is_hash);
    if !is_whole || holds_nul(visit) {
        return Err(malformed());
    }
    if proposal.id.uuid() != subject {
        return Err(AppError::invalid("op.subject", "The operation is about another thing than it says"));
    }
    if proposal.clock_offset_ms.unsigned_abs() > CLOCK_OFFSET_MAX_MS {
        return Err(AppError::invalid_field("visit", "visit.times", "No clock is wrong by centuries"));
    }
    if proposal.ended_at < proposal.started_at {
        return Err(AppError::invalid_field("visit", "visit.times", "The visit ends before it begins"));
    }
    Ok(proposal)
}

/// Whether a text anywhere in it holds U+0000, which PostgreSQL keeps in no column.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(entries) => entries.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether it is of a size that a visit can have, before the checks run.
fn check_limits(proposal: &Proposal) -> AppResult<()> {
    let Proposal { changes, later, unchanged, warnings, evidence, .. } = proposal;
    let paths = changes.iter().map(|change| &change.path).chain(later).chain(unchanged);
    let mut paths = paths.chain(warnings.iter().flat_map(|warning| [&warning.code, &warning.path]));
    let is_short = |reason: &str| reason.chars().count() <= REASON_MAX_CHARS;
    let fits = changes.len() <= CHANGES_MAX
        && later.len() <= CHANGES_MAX
        && unchanged.len() <= LISTED_MAX
        && warnings.len() <= LISTED_MAX
        && evidence.len() <= LISTED_MAX
        && proposal.app_version.len() <= PATH_MAX_BYTES
        && paths.all(|path| path.len() <= PATH_MAX_BYTES)
        && warnings.iter().all(|warning| is_short(&warning.reason));
    if fits { Ok(()) } else { Err(too_large()) }
}

/// Whether a reason is of a size that anybody would type.
pub fn check_reason(reason: &str) -> AppResult<()> {
    if reason.chars().count() <= REASON_MAX_CHARS { Ok(()) } else { Err(too_large()) }
}

fn too_large() -> AppError {
    AppError::invalid("visit.too_large", "The visit holds more than is allowed")
}

/// The same validation as on the phone; the day is the phone's, corrected by its offset.
fn check_answers(app: &App, form: &Form, base: &Base, file: &File, proposal: &Proposal) -> AppResult<()> {
    let base = base.is_filed.then_some(&base.file);
    let draft = Draft { file: file.clone(), visit: proposal.visit.clone(), later: proposal.later.clone() };
    let validation = form::validate(&app.definitions, form, base, &draft, &meta_of(proposal));
    let problems = |severity| validation.problems.iter().filter(move |problem| problem.severity == severity);
    let hidden = hidden_answers(form, &validation.visible, proposal);
    let errors: Vec<Finding> = problems(Severity::E).map(finding).chain(hidden).take(ERRORS_MAX).collect();
    if !errors.is_empty() {
        return Err(AppError::invalid("visit.invalid", "The visit has errors").with_errors(errors));
    }
    let is_explained = |problem: &&Problem| {
        let same = |known: &&ExplainedWarning| known.code == problem.code && known.path == problem.path;
        proposal.warnings.iter().find(same).is_some_and(|known| !known.reason.trim().is_empty())
    };
    let open = problems(Severity::W).filter(|problem| !is_explained(problem));
    let open: Vec<Finding> = open.take(ERRORS_MAX).map(finding).collect();
    if open.is_empty() {
        return Ok(());
    }
    Err(AppError::invalid("visit.warning_unexplained", "A warning has no reason").with_errors(open))
}

/// Answers about the visit that the form did not ask: phones leave them out, and nobody would ever see them.
fn hidden_answers(form: &Form, visible: &[String], proposal: &Proposal) -> Vec<Finding> {
    let shown: HashSet<&str> =
        visible.iter().filter_map(|path| path.strip_prefix("visit/")).chain(form.none_answers()).collect();
    let given = proposal.visit.iter().filter(|(_, value)| !form::is_absent(value));
    let hidden = given.filter(|(name, _)| !shown.contains(name.as_str()));
    hidden
        .map(|(name, _)| Finding { code: "value.not_asked".to_owned(), path: format!("visit/{name}"), params: None })
        .collect()
}

/// What a visit is judged by beside its answers.
pub fn meta_of(proposal: &Proposal) -> Meta {
    Meta {
        today: proposal.ended_at_corrected().date(),
        started_at: Some(proposal.started_at.naive_utc().and_utc()),
        ended_at: Some(proposal.ended_at.naive_utc().and_utc()),
    }
}

fn finding(problem: &Problem) -> Finding {
    let params = (!problem.params.is_empty()).then(|| Value::Object(problem.params.clone()));
    Finding { code: problem.code.clone(), path: problem.path.clone(), params }
}
