//! Mail by SMTP or into an outbox: one message per recipient, every try with its answer.
