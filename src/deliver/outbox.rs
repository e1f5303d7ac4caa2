//! Messages as files, for where no mail server is configured.

use std::path::{Path, PathBuf};

use crate::model::EditionId;
use crate::model::delivery::SendOutcome;

/// A folder with one file per edition and recipient.
#[derive(Debug, Clone)]
pub struct Outbox(PathBuf);

impl Outbox {
    /// An outbox in `dir`, made when the first message is written.
    pub fn new(dir: &Path) -> Self {
        Self(dir.into())
    }

    /// Writes the message under its name at once or not at all; writing it again is harmless.
    pub fn send(&self, edition: &EditionId, to: &str, message: &[u8]) -> SendOutcome {
        let safe = |c: char| {
            if c.is_ascii_alphanumeric() || "@.-_".contains(c) {
                c
            } else {
                '_'
            }
        };
        // Two addresses that differ only in characters no file name may have must not share a file.
        let plain: String = to.chars().map(safe).collect();
        let mark = if plain == to {
            String::new()
        } else {
            format!("-{}", &crate::text::sha256_hex(to.as_bytes())[..8])
        };
        let name = format!("{edition}--{plain}{mark}.eml");
        let part = self.0.join(format!(".{name}.part"));
        let write = std::fs::create_dir_all(&self.0)
            .and_then(|()| std::fs::write(&part, message))
            .and_then(|()| std::fs::rename(&part, self.0.join(&name)));
        match write {
            Ok(()) => SendOutcome::Sent(format!("written to {name}")),
            Err(error) => SendOutcome::Retry(format!("{name} cannot be written: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_twice_leaves_one_file() {
        let dir = tempfile::tempdir().unwrap();
        let edition = EditionId("press-2026-11-20-r1-leaders".into());
        for _ in 0..2 {
            let outcome = Outbox::new(dir.path()).send(&edition, "a/../b@example.org", b"x");
            assert!(matches!(outcome, SendOutcome::Sent(_)));
        }
        let names: Vec<_> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|f| f.unwrap().file_name())
            .collect();
        assert_eq!(names.len(), 1);
        assert!(
            names[0]
                .to_str()
                .unwrap()
                .starts_with("press-2026-11-20-r1-leaders--a_.._b@example.org-")
        );
    }
}
