//! "Báo tin, bài bỏ sót": why an address is not in the archive, and fetching it after all.

use crate::collect::health::Health;
use crate::model::entry::{Entry, EntryState};
use crate::model::source::Status;
use crate::model::{ItemId, Time};
use crate::store::{Missed, Result};
use crate::text::url::canonical;

use super::service::Service;

/// The answer to somebody who reports an address as missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Why it was missed, or that it was not, in Vietnamese.
    pub verdict: String,
    /// The item, when it is in the archive.
    pub item: Option<ItemId>,
    /// Whether it will be fetched now.
    pub is_queued: bool,
}

impl Service {
    /// Says why `address` was missed and keeps it as a case of recall; what can be fetched is fetched.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn report_missed(&self, address: &str, note: &str, user: &str) -> Result<Option<Answer>> {
        let Some(url) = canonical(address.trim()).filter(|url| url.starts_with("http")) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let mut answer = self.explain_missed(&url).await?;
        let source = self.catalogue.source_of_url(&url);
        let may_fetch = source.is_some_and(|s| s.status == Status::Active && !s.feeds.is_empty());
        if let Some(source) = source.filter(|_| may_fetch && answer.item.is_none()) {
            answer.is_queued = self
                .queue(&source.id, address.trim(), &url, "được báo là bỏ sót", now)
                .await?;
        }
        let missed = Missed {
            url,
            at: now,
            user: user.to_owned(),
            verdict: answer.verdict.clone(),
            note: note.to_owned(),
        };
        self.store.keep_missed(&missed).await?;
        self.store
            .audit(now, user, "missed", &missed.url, &missed.verdict)
            .await?;
        Ok(Some(answer))
    }

    /// Why an address is or is not in the archive, as things stand now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn explain_missed(&self, url: &str) -> Result<Answer> {
        let said = |verdict: String| Answer {
            verdict,
            item: None,
            is_queued: false,
        };
        if let Some(item) = self.store.find_item(&ItemId::from_url(url)).await? {
            let at = item
                .collected_at
                .map(|t| t.format("%H:%M %d/%m/%Y").to_string())
                .unwrap_or_default();
            return Ok(Answer {
                verdict: format!("không sót: đã thu lúc {at}"),
                item: Some(item.id),
                is_queued: false,
            });
        }
        if let Some(entry) = self.store.find_entry(url).await? {
            let seen = entry.first_seen.format("%H:%M %d/%m/%Y");
            return Ok(said(match entry.state {
                EntryState::Pending => format!("kênh tin liệt kê lúc {seen}, đang chờ tải. {}", entry.reason),
                EntryState::GatedOut => format!("kênh tin liệt kê lúc {seen} nhưng cổng lọc giữ lại: {}", entry.reason),
                EntryState::Forbidden => format!("thấy lúc {seen} nhưng robots.txt không cho tải"),
                EntryState::Gone => format!("thấy lúc {seen} nhưng trang không còn"),
                EntryState::Refused | EntryState::Failed => {
                    format!("thấy lúc {seen} nhưng tải không được: {}", entry.reason)
                }
                EntryState::Stored | EntryState::Sampled => format!("đã tải lúc {seen} dưới địa chỉ khác"),
            }));
        }
        let host = crate::text::url::host(url).unwrap_or_default();
        let Some(source) = self.catalogue.source_of_url(url) else {
            return Ok(said(format!(
                "nguồn {host} chưa có trong danh mục; thêm tệp nguồn theo sources/README.md"
            )));
        };
        if source.status != Status::Active || source.feeds.is_empty() {
            return Ok(said(format!(
                "nguồn {} đang ở trạng thái “{}” nên không thu",
                source.name,
                source.status.label()
            )));
        }
        let healths = super::alarming::healths(&self.store, &self.catalogue, self.clock.now()).await?;
        let trouble = healths
            .get(&source.id)
            .filter(|health: &&Health| !health.reason.is_empty());
        Ok(said(match trouble {
            Some(health) => format!("nguồn {} {}: {}", source.name, health.state.label(), health.reason),
            None => format!(
                "các kênh tin đã khai của {} chưa từng liệt kê bài này: bài thuộc chuyên mục chưa theo dõi",
                source.name
            ),
        }))
    }

    /// Puts an address before the collector, whatever the gate said.
    pub(super) async fn queue(
        &self,
        source: &crate::model::SourceId,
        address: &str,
        url: &str,
        why: &str,
        now: Time,
    ) -> Result<bool> {
        let entry = Entry {
            id: url.to_owned(),
            url: address.to_owned(),
            ..Entry::default()
        };
        let reported = (url.to_owned(), entry, EntryState::Pending, why.to_owned());
        let fresh = self
            .store
            .insert_entries(source, "báo thủ công", &[reported], now)
            .await?;
        Ok(fresh > 0 || self.store.reopen_entry(url, now).await?)
    }
}
