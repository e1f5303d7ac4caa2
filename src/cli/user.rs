//! `diemtin user`: users, their roles, passwords and tokens.

use std::io::{BufRead, IsTerminal};

use super::output::Table;
use super::{Common, Failure, Outcome, context};
use crate::model::user::Role;
use crate::serve::hash_password;
use crate::store::{Store, User};

/// Who stands in the audit log for what was done on the command line.
pub(super) const OPERATOR: &str = "dòng lệnh";

#[derive(clap::Subcommand)]
pub enum What {
    /// Add a user; asks for the password, or reads it from standard input
    #[command(after_help = "Example: diemtin user add lan --role editor")]
    Add {
        /// Login name
        name: String,
        /// reader, analyst, editor, duty_officer or administrator
        #[arg(long)]
        role: Role,
    },
    /// Give a user another role
    #[command(after_help = "Example: diemtin user role lan duty_officer")]
    Role {
        /// Login name
        name: String,
        /// reader, analyst, editor, duty_officer or administrator
        role: Role,
    },
    /// Set a password anew and end all sessions of the user
    #[command(after_help = "Example: diemtin user password lan")]
    Password {
        /// Login name
        name: String,
    },
    /// Make a token for programs, shown once, or revoke one
    #[command(after_help = "Example: diemtin user token lan --name bang-dieu-khien")]
    Token {
        /// Login name
        name: String,
        /// What the token is for
        #[arg(long = "name", value_name = "LABEL")]
        label: String,
        /// Revoke the tokens of this label
        #[arg(long)]
        revoke: bool,
    },
    /// Shut a user out, or let them in again
    #[command(after_help = "Example: diemtin user disable lan")]
    Disable {
        /// Login name
        name: String,
        /// Let them in again
        #[arg(long)]
        undo: bool,
    },
    /// List users
    #[command(after_help = "Example: diemtin user list")]
    List,
}

pub async fn user(common: &Common, what: What) -> Outcome {
    let store = context::store(&context::config(common)?).await?;
    let now = crate::clock::Clock::real().now();
    let (name, detail) = match what {
        What::List => return list(common, &store).await,
        What::Add { name, role } => {
            check_name(&name)?;
            if store.find_user(&name).await?.is_some() {
                return Err(Failure::Usage(format!("there is already a user `{name}`")));
            }
            let password = hash_password(&read_password()?).map_err(Failure::Usage)?;
            let user = User {
                name: name.clone(),
                role,
                password,
                disabled: false,
            };
            store.save_user(&user, now).await?;
            (name, format!("add {role}"))
        }
        What::Role { name, role } => {
            let user = User {
                role,
                ..known(&store, &name).await?
            };
            keep_an_administrator(&store, &user).await?;
            store.save_user(&user, now).await?;
            (name, format!("role {role}"))
        }
        What::Password { name } => {
            let user = known(&store, &name).await?;
            let password = hash_password(&read_password()?).map_err(Failure::Usage)?;
            store.save_user(&User { password, ..user }, now).await?;
            store.close_sessions_of(&name).await?;
            (name, "password".into())
        }
        What::Token {
            name,
            label,
            revoke: true,
        } => {
            known(&store, &name).await?;
            let revoked = store.revoke_token(&name, &label, now).await?;
            if revoked == 0 {
                return Err(Failure::Work(format!("`{name}` has no valid token `{label}`")));
            }
            (name, format!("revoke token {label}"))
        }
        What::Token { name, label, .. } => {
            known(&store, &name).await?;
            let secret = crate::chance::token();
            store.add_token(&secret, &name, &label, now).await?;
            println!("{secret}");
            eprintln!("keep it: it is not shown again; programs send `Authorization: Bearer <token>`");
            (name, format!("token {label}"))
        }
        What::Disable { name, undo } => {
            let user = User {
                disabled: !undo,
                ..known(&store, &name).await?
            };
            keep_an_administrator(&store, &user).await?;
            store.save_user(&user, now).await?;
            store.close_sessions_of(&name).await?;
            (name, if undo { "enable".into() } else { "disable".into() })
        }
    };
    store.audit(now, OPERATOR, "user", &name, &detail).await?;
    eprintln!("{name}: {detail}");
    Ok(())
}

async fn known(store: &Store, name: &str) -> Result<User, Failure> {
    let user = store.find_user(name).await?;
    user.ok_or_else(|| Failure::Usage(format!("there is no user `{name}`; see `diemtin user list`")))
}

/// Refuses to take the last administrator away: nobody could bring one back through the pages.
async fn keep_an_administrator(store: &Store, changed: &User) -> Outcome {
    let is_in_charge = |user: &User| user.role == Role::Administrator && !user.disabled;
    let mut others = store
        .list_users()
        .await?
        .into_iter()
        .filter(|user| user.name != changed.name);
    let was = known(store, &changed.name).await?;
    match is_in_charge(&was) && !is_in_charge(changed) && !others.any(|user| is_in_charge(&user)) {
        true => Err(Failure::Usage(format!(
            "`{}` is the only administrator; name another first",
            changed.name
        ))),
        false => Ok(()),
    }
}

fn check_name(name: &str) -> Outcome {
    let is_fine = (2..=40).contains(&name.chars().count())
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'));
    match is_fine {
        true => Ok(()),
        false => Err(Failure::Usage(format!(
            "`{name}` is no login name: 2 to 40 letters, digits, or any of . - _ @"
        ))),
    }
}

fn read_password() -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let first = rpassword::prompt_password("Mật khẩu: ")?;
    match rpassword::prompt_password("Nhập lại: ")? == first {
        true => Ok(first),
        false => Err(Failure::Usage("the two passwords differ; nothing was changed".into())),
    }
}

async fn list(common: &Common, store: &Store) -> Outcome {
    let row = |user: User| {
        let state = if user.disabled { "disabled" } else { "active" };
        vec![user.name, user.role.to_string(), state.to_owned()]
    };
    let table = Table {
        columns: vec!["name", "role", "state"],
        rows: store.list_users().await?.into_iter().map(row).collect(),
    };
    Ok(table.print(common.format)?)
}
