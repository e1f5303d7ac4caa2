//! The only module that knows SQL: one text for SQLite and PostgreSQL.
