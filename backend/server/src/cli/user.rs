//! `ruhu user …`

use super::{Failure, open, say};
use crate::app::account::NewAccount;
use crate::config::Config;
use clap::Subcommand;
use ruhu_domain::actor::Role;
use ruhu_domain::region::RegionCode;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make an account; prints its first password.
    Add {
        /// Letters a-z, digits, dots, hyphens, underscores.
        login: String,
        /// The person's name.
        #[arg(long)]
        name: String,
        /// caseworker, responsible, grassroots_admin, banner_supervisor, industry_supervisor, city_reviewer,
        /// city_admin, finance, auditor, card_clerk, read_only_leader or sysop.
        #[arg(long)]
        role: Role,
        /// Region code: everything the person may ever see lies in it.
        #[arg(long, value_parser = RegionCode::parse)]
        scope: RegionCode,
        /// Work phone.
        #[arg(long)]
        phone: Option<String>,
    },
    /// List every account.
    List,
    /// Make a new password, print it, end the person's sessions.
    ResetPassword { login: String },
    /// Shut an account out and end its sessions.
    Disable { login: String },
}

/// Runs one of them.
pub async fn run(config: &Config, command: UserCommand) -> Result<(), Failure> {
    let app = open::app(open::database(config).await?, config).await?;
    match command {
        UserCommand::Add { login, name, role, scope, phone } => {
            let new = NewAccount { login, name, role, scope, work_phone: phone, password: None };
            let (user, password) = app.add_account(new, None).await.map_err(explain)?;
            say(&format!("{} {}", user.login, password.unwrap_or_default()))
        }
        UserCommand::List => {
            for user in app.list_accounts().await.map_err(explain)? {
                let state = if user.disabled_at.is_some() { "disabled" } else { "active" };
                say(&format!("{}\t{}\t{}\t{}\t{state}", user.login, user.name, user.role, user.scope))?;
            }
            Ok(())
        }
        UserCommand::ResetPassword { login } => say(&app.reset_password(&login).await.map_err(explain)?),
        UserCommand::Disable { login } => app.disable_account(&login).await.map_err(explain),
    }
}

fn explain(error: crate::app::error::AppError) -> Failure {
    match error {
        crate::app::error::AppError::Refused(refused) => Failure(refused.title),
        other => Failure::of(other),
    }
}
