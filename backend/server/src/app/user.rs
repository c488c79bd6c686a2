//! People of one's area, as administrators keep them.

use crate::app::account::{NewAccount, check_name, check_phone, event};
use crate::app::error::AppError;
use crate::app::{App, AppResult, password, tenure};
use crate::views::user::{CreateUser, PatchUser, StaffList, StaffQuery, StaffSaved, StaffView};
use ruhu_domain::actor::{Actor, Role};
use ruhu_domain::ids::UserId;
use ruhu_domain::policy;
use ruhu_domain::region::RegionCode;
use ruhu_store::user::{self, User};
use ruhu_store::{Conn, PageRequest, audit, conflict, session};
use serde_json::json;

const PAGE: i64 = 50;
const PAGE_MAX: i64 = 200;

impl App {
    /// The accounts of the actor's area.
    pub async fn list_users(&self, actor: &Actor, query: StaffQuery) -> AppResult<StaffList> {
        let region = query.region.clone().unwrap_or_else(|| actor.scope.clone());
        if !actor.scope.contains(&region) {
            return Ok(StaffList { items: Vec::new(), next_cursor: None });
        }
        let wanted = usize::try_from(query.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX)).unwrap_or(1);
        let needle = query.q.as_deref().map(str::trim).unwrap_or_default().to_lowercase();
        let role = query.role;
        let fits = move |user: &User| {
            let in_text = user.login.contains(&needle) || user.name.to_lowercase().contains(&needle);
            in_text && role.is_none_or(|role| role == user.role)
        };
        let (items, next_cursor) = self
            .db
            .read(move |c: &mut Conn| -> AppResult<_> {
                let mut page = PageRequest { cursor: query.cursor.clone(), limit: PAGE_MAX };
                let mut found: Vec<User> = Vec::new();
                loop {
                    let next = user::list(c, &region, &page)?;
                    found.extend(next.items.into_iter().filter(&fits));
                    if found.len() > wanted || next.next_cursor.is_none() {
                        let more = found.len() > wanted;
                        found.truncate(wanted);
                        let cursor = found.last().filter(|_| more).map(|user| user.id.to_string());
                        return Ok((found, cursor));
                    }
                    page.cursor = next.next_cursor;
                }
            })
            .await?;
        Ok(StaffList { items: items.iter().map(|user| self.staff_view(user)).collect(), next_cursor })
    }

    /// Makes an account within the actor's area, in a role that the actor may give.
    pub async fn create_user(&self, actor: &Actor, new: CreateUser) -> AppResult<StaffSaved> {
        check_grant(actor, new.role, &new.scope)?;
        let CreateUser { login, name, role, scope, work_phone, password } = new;
        let new = NewAccount { login, name, role, scope, work_phone, password };
        let (user, password) = self.add_account(new, Some(actor.clone())).await?;
        Ok(StaffSaved { user: self.staff_view(&user), password })
    }

    /// Changes an account of the actor's area.
    pub async fn update_user(&self, actor: &Actor, id: UserId, patch: PatchUser) -> AppResult<StaffSaved> {
        let before = self.db.read(move |c: &mut Conn| user::find(c, id)).await?;
        let before = before.filter(|user| actor.scope.contains(&user.scope)).ok_or_else(AppError::not_found)?;
        let plan = self.plan(actor, &before, &patch)?;
        let made = if patch.reset_password == Some(true) { Some(password::generate(&self.env)?) } else { None };
        let hash = match made.clone() {
            Some(plain) => Some(self.passwords.hash(plain, &self.env).await?),
            None => None,
        };
        let (actor, now) = (actor.clone(), self.now());
        let after = self
            .db
            .write(move |c: &mut Conn| -> AppResult<User> {
                // Each step names the stamp that the one before it left.
                let mut stamp = before.stamp;
                let mut done: Vec<&str> = Vec::new();
                if let Some((name, work_phone)) = &plan.name {
                    user::update_name(c, id, name, work_phone.as_deref(), stamp)?;
                    done.push("name");
                }
                if let Some((role, scope)) = &plan.role {
                    user::update_role(c, id, *role, scope, stamp)?;
                    // Nobody is asked about a household that left their hands: a reviewer decides at once.
                    conflict::release_left(c, id, now)?;
                    (stamp, _) = (stamp + 1, done.push("role"));
                }
                if let Some(hash) = &hash {
                    user::update_password(c, id, hash, stamp)?;
                    (stamp, _) = (stamp + 1, done.push("password"));
                }
                if let Some(disabled) = plan.disabled {
                    user::set_disabled(c, id, disabled.then_some(now), stamp)?;
                    done.push(if disabled { "disable" } else { "enable" });
                }
                if hash.is_some() || plan.disabled == Some(true) || plan.role.is_some() {
                    session::revoke_for_user(c, id, None, now)?;
                }
                let mut detail = json!({ "changed": done });
                if plan.role.is_some() {
                    // What they recorded until now still comes in as what it was (`tenure.rs`).
                    detail["before"] = tenure::before(&before);
                }
                audit::append(c, &event(now, Some(&actor), "user.update", id, detail))?;
                user::find(c, id)?.ok_or_else(AppError::not_found)
            })
            .await?;
        Ok(StaffSaved { user: self.staff_view(&after), password: made })
    }

    fn plan(&self, actor: &Actor, before: &User, patch: &PatchUser) -> AppResult<Plan> {
        // Whoever may not give a role may not touch the accounts that have it.
        check_grant(actor, before.role, &before.scope)?;
        // A reset asks for no current password, so whoever has only a token of the actor must not get one.
        let resets = patch.reset_password == Some(true);
        let touches_rights = patch.role.is_some() || patch.scope.is_some() || patch.disabled.is_some() || resets;
        if touches_rights && before.id == actor.user {
            return Err(AppError::forbidden(
                "user.self",
                "Nobody changes their own rights, or resets their own password",
            ));
        }
        let role = patch.role.unwrap_or(before.role);
        let scope = patch.scope.clone().unwrap_or_else(|| before.scope.clone());
        check_grant(actor, role, &scope)?;
        if !self.regions.knows(&scope) {
            return Err(AppError::invalid_field("scope", "region.unknown", "This region is not known"));
        }
        let name = patch.name.as_deref().map_or(Ok(before.name.clone()), check_name)?;
        let work_phone = match &patch.work_phone {
            Some(phone) => check_phone(Some(phone))?,
            None => before.work_phone.clone(),
        };
        let is_renamed = name != before.name || work_phone != before.work_phone;
        Ok(Plan {
            name: is_renamed.then_some((name, work_phone)),
            role: (role != before.role || scope != before.scope).then_some((role, scope)),
            disabled: patch.disabled.filter(|disabled| *disabled != before.disabled_at.is_some()),
        })
    }

    fn staff_view(&self, user: &User) -> StaffView {
        let (scope_zh, scope_en) = self.regions.of(&user.scope);
        StaffView {
            id: user.id,
            login: user.login.clone(),
            name: user.name.clone(),
            role: user.role,
            scope: user.scope.clone(),
            scope_zh,
            scope_en,
            work_phone: user.work_phone.clone(),
            disabled: user.disabled_at.is_some(),
            created_at: user.created_at,
        }
    }
}

/// What of a patch is a change.
struct Plan {
    name: Option<(String, Option<String>)>,
    role: Option<(Role, RegionCode)>,
    disabled: Option<bool>,
}

fn check_grant(actor: &Actor, role: Role, scope: &RegionCode) -> AppResult<()> {
    if !policy::may_grant(actor.role, role) {
        return Err(AppError::forbidden("user.role", "Your role does not give this role"));
    }
    if !actor.scope.contains(scope) {
        return Err(AppError::forbidden("user.scope", "This region is outside of yours"));
    }
    Ok(())
}
