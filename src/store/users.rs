//! Users, sessions, tokens and the audit log. Secrets are stored as hashes only.

use super::backend::{reading, writing};
use super::{Error, Result, Store, from_word};
use crate::model::user::Role;
use crate::model::{Time, from_unix_ms};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Argon2 hash of the password, in PHC form; empty: no login by password.
    pub password: String,
    /// Whether they are shut out.
    pub disabled: bool,
}

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditLine {
    /// When.
    pub at: Time,
    /// Who.
    pub user: String,
    /// What they did.
    pub action: String,
    /// To what.
    pub subject: String,
    /// Further words.
    pub detail: String,
}

fn hashed(secret: &str) -> String {
    crate::text::sha256_hex(secret.as_bytes())
}

impl Store {
    /// Adds a user or changes role and password of one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_user(&self, user: &User, now: Time) -> Result<()> {
        let sql = "insert into users (name, role, password, created, disabled) values ($1, $2, $3, $4, $5)
                   on conflict (name) do update set role = excluded.role, password = excluded.password,
                     disabled = excluded.disabled";
        writing!(self, |tx| sqlx::query(sql)
            .bind(&user.name)
            .bind(user.role.as_str())
            .bind(&user.password)
            .bind(now.timestamp_millis())
            .bind(i64::from(user.disabled))
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// All users by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_users(&self) -> Result<Vec<User>> {
        let sql = "select name, role, password, disabled from users order by name";
        let rows: Vec<(String, String, String, i64)> = reading!(self, |db| sqlx::query_as(sql).fetch_all(db).await?);
        rows.into_iter()
            .map(|(name, role, password, disabled)| {
                Ok(User {
                    role: from_word(&format!("users {name}"), &role)?,
                    name,
                    password,
                    disabled: disabled != 0,
                })
            })
            .collect()
    }

    /// The user called `name`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_user(&self, name: &str) -> Result<Option<User>> {
        Ok(self.list_users().await?.into_iter().find(|user| user.name == name))
    }

    /// Opens a session under a secret that only the browser keeps.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_session(&self, secret: &str, user: &str, now: Time, expires: Time) -> Result<()> {
        writing!(self, |tx| {
            sqlx::query("delete from sessions where expires <= $1")
                .bind(now.timestamp_millis())
                .execute(&mut *tx)
                .await?;
            sqlx::query("insert into sessions (token, username, created, expires) values ($1, $2, $3, $4)")
                .bind(hashed(secret))
                .bind(user)
                .bind(now.timestamp_millis())
                .bind(expires.timestamp_millis())
                .execute(&mut *tx)
                .await?;
        });
        Ok(())
    }

    /// The user of a session or of a token that is neither expired nor revoked, if they are not shut out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_of_secret(&self, secret: &str, now: Time) -> Result<Option<User>> {
        let sql = "select username from sessions where token = $1 and expires > $2
                   union select username from tokens where token = $1 and revoked is null";
        let row: Option<(String,)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(hashed(secret))
            .bind(now.timestamp_millis())
            .fetch_optional(db)
            .await?);
        let Some((name,)) = row else { return Ok(None) };
        Ok(self.find_user(&name).await?.filter(|user| !user.disabled))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close_session(&self, secret: &str) -> Result<()> {
        writing!(self, |tx| sqlx::query("delete from sessions where token = $1")
            .bind(hashed(secret))
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close_sessions_of(&self, user: &str) -> Result<()> {
        writing!(self, |tx| sqlx::query("delete from sessions where username = $1")
            .bind(user)
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// Gives a user a token for programs; its secret is not kept.
    ///
    /// # Errors
    /// When the user is unknown or the database fails.
    pub async fn add_token(&self, secret: &str, user: &str, name: &str, now: Time) -> Result<()> {
        if self.find_user(user).await?.is_none() {
            return Err(Error::NotFound(format!("user {user}")));
        }
        writing!(self, |tx| sqlx::query(
            "insert into tokens (token, username, name, created) values ($1, $2, $3, $4)"
        )
        .bind(hashed(secret))
        .bind(user)
        .bind(name)
        .bind(now.timestamp_millis())
        .execute(&mut *tx)
        .await?
        .rows_affected());
        Ok(())
    }

    /// Revokes all tokens of a user with this name. Returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_token(&self, user: &str, name: &str, now: Time) -> Result<u64> {
        let sql = "update tokens set revoked = $3 where username = $1 and name = $2 and revoked is null";
        Ok(writing!(self, |tx| sqlx::query(sql)
            .bind(user)
            .bind(name)
            .bind(now.timestamp_millis())
            .execute(&mut *tx)
            .await?
            .rows_affected()))
    }

    /// Adds a line to the audit log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(&self, now: Time, user: &str, action: &str, subject: &str, detail: &str) -> Result<()> {
        let sql = "insert into audit (at, username, action, subject, detail) values ($1, $2, $3, $4, $5)";
        writing!(self, |tx| sqlx::query(sql)
            .bind(now.timestamp_millis())
            .bind(user)
            .bind(action)
            .bind(subject)
            .bind(detail)
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// The newest lines of the audit log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_lines(&self, limit: i64) -> Result<Vec<AuditLine>> {
        let sql = "select at, username, action, subject, detail from audit order by id desc limit $1";
        let rows: Vec<(i64, String, String, String, String)> =
            reading!(self, |db| sqlx::query_as(sql).bind(limit).fetch_all(db).await?);
        Ok(rows
            .into_iter()
            .map(|(at, user, action, subject, detail)| AuditLine {
                at: from_unix_ms(at),
                user,
                action,
                subject,
                detail,
            })
            .collect())
    }
}
