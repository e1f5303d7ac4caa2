//! Deletes on schedule what names private persons, and what YouTube no longer confirms. Every run is a line of the audit log.

use std::path::Path;

use chrono::Duration;

use crate::config::Retention;
use crate::evidence::Evidence;
use crate::model::Time;
use crate::pipeline::tipping;
use crate::private::frames;
use crate::store::{Limits, Store};

/// Rows read at a time.
const BATCH: i64 = 500;
/// Who stands in the audit log for what is done on schedule.
const SCHEDULE: &str = "lịch lưu giữ";

/// Why not everything due was deleted.
#[derive(Debug, thiserror::Error)]
pub enum RetainError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// A file cannot be deleted.
    #[error("what is kept for a time only cannot be deleted: {0}")]
    Io(#[from] std::io::Error),
}

/// What a run deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Identities of private persons.
    pub names: u64,
    /// Raw pages of social sources.
    pub pages: usize,
    /// Files: of evidence once all their pages are gone, of vendors, and tips.
    pub files: usize,
    /// Items of YouTube whose words were taken out.
    pub items: usize,
}

impl std::fmt::Display for Deleted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "đã xóa {} tên, {} trang gốc, {} tệp, nội dung {} tin YouTube",
            self.names, self.pages, self.files, self.items
        )
    }
}

/// The times before which things are kept no longer.
fn limits(retention: &Retention, now: Time) -> Limits {
    // A period that reaches back before any time deletes nothing.
    let ago = |days: u32| now.checked_sub_signed(Duration::days(days.into())).unwrap_or_default();
    Limits {
        youtube: ago(retention.youtube_days),
        tips: ago(retention.tips_days),
        private: ago(retention.private_days),
    }
}

/// Deletes what is due at `now`: identities, raw pages in the evidence of this folder, files of vendors and
/// tips below `data`, and the words of YouTube's items. Running it again deletes nothing more.
///
/// # Errors
/// When store or files fail; what is left is deleted by the next run.
pub async fn retain(
    store: &Store,
    evidence: &Evidence,
    data: &Path,
    retention: &Retention,
    now: Time,
) -> Result<Deleted, RetainError> {
    let limits = limits(retention, now);
    let mut deleted = Deleted {
        pages: delete_pages(store, evidence, &limits, now).await?,
        names: store.delete_identities(&limits).await?,
        ..Deleted::default()
    };
    loop {
        let stale = store.stale_items(limits.youtube, BATCH).await?;
        if stale.is_empty() {
            break;
        }
        for item in &stale {
            store.expire_item(item).await?;
        }
        deleted.items += stale.len();
    }
    deleted.files = evidence.clear(&store.private_files().await?, now)?;
    deleted.files += delete_sealed(&data.join("inbox/done"), limits.private)?;
    for folder in tipping::kept_folders(&data.join("tips"))? {
        deleted.files += delete_sealed(&folder, limits.tips)?;
    }
    if deleted != Deleted::default() {
        store.settle_deletions().await?;
    }
    store
        .audit(now, SCHEDULE, "retention", "", &deleted.to_string())
        .await?;
    Ok(deleted)
}

/// Deletes files of vendors or tips sealed at `before` or earlier, and what is said of those refused.
fn delete_sealed(folder: &Path, before: Time) -> std::io::Result<usize> {
    let mut deleted = 0;
    for (path, at) in frames::sealed_files(folder)? {
        let Some((name, _)) = frames::parts(&path).filter(|_| at <= before) else {
            continue;
        };
        for ending in ["errors.csv", "txt"] {
            let refused = folder.join(format!("{name}.{ending}"));
            if refused.exists() {
                std::fs::remove_file(refused)?;
            }
        }
        std::fs::remove_file(&path)?;
        deleted += 1;
    }
    Ok(deleted)
}

/// Writes over raw pages whose time is over. Those in files of another machine are left to it.
async fn delete_pages(store: &Store, evidence: &Evidence, limits: &Limits, now: Time) -> Result<usize, RetainError> {
    let (mut deleted, mut after) = (0, String::new());
    loop {
        let due = store.expired_evidence(limits, &after, BATCH).await?;
        let Some(last) = due.last() else { return Ok(deleted) };
        after.clone_from(&last.leaf);
        for kept in due.iter().filter(|kept| evidence.holds(&kept.place)) {
            evidence.erase(&kept.place, now)?;
            store.forget_evidence(&kept.leaf, now).await?;
            deleted += 1;
        }
    }
}
