//! What people hand in on the pages: captures by hand, and tips.

use crate::collect::captured::{Filled, Refusal};
use crate::evidence::Evidence;
use crate::model::capture::{Arrival, Capture, CaptureForm, KeptPicture, Picture};
use crate::model::evidence::Kept;
use crate::model::item::{Access, Item};
use crate::model::source::{Source, Status};
use crate::model::{ItemId, Time};
use crate::store::{NewItem, Store};

use super::service::Service;

/// Who hands something in, and for whom.
#[derive(Debug, Clone, Default)]
pub struct Hand {
    /// The user.
    pub user: String,
    /// Province it comes from (id), if told.
    pub province: Option<String>,
    /// By which way a tip reached the office, if told.
    pub arrival: Option<Arrival>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is a new item.
    New,
    /// It is in the archive already, and stays as it is there.
    Known,
    /// Its address waits to be fetched.
    Queued,
}

/// Why nothing was taken.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The form is not in order.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The picture could not be kept.
    #[error("the picture could not be kept as evidence: {0}; look at the disk")]
    Evidence(#[from] std::io::Error),
}

impl Service {
    /// Takes a filled-in form. The address of a source that is collected is fetched the way that source always is;
    /// everything else becomes an item at once. What is in the archive already stays as it is. Who did it is written down.
    ///
    /// # Errors
    /// When the form is not in order or bears a mark of secrecy, and when store or disk fail; then nothing is kept.
    pub async fn capture(
        &self,
        evidence: &Evidence,
        filled: &Filled<'_>,
        hand: Hand,
    ) -> Result<(ItemId, Outcome), CaptureError> {
        if filled.is_marked() {
            return Err(Refusal::Secret.into());
        }
        let now = self.clock.now();
        let is_tip = filled.form == CaptureForm::Tip;
        let mut capture = Capture {
            item: ItemId::default(),
            access: if is_tip { Access::Tip } else { Access::Manual },
            form: filled.form,
            user: hand.user,
            at: now,
            province: hand.province,
            arrival: hand.arrival,
            place: String::new(),
        };
        let link = match filled.form {
            CaptureForm::Link => filled.address()?,
            _ => None,
        };
        if let Some(url) = link {
            capture.item = ItemId::from_url(&url);
            if let Some(outcome) = self.fetch_link(&url, filled, now).await? {
                // The address of an item that is known may name a private person.
                if outcome == Outcome::Queued {
                    capture.place = url;
                }
                self.store.insert_captures(std::slice::from_ref(&capture)).await?;
                self.note(&capture, outcome).await?;
                return Ok((capture.item, outcome));
            }
        }
        let draft = filled.draft(&self.catalogue.sources, now)?;
        capture.item = draft.item.id.clone();
        capture.place = draft.place;
        let pictures: Vec<&Picture> = filled.picture.into_iter().collect();
        let kept = keep_pictures(&self.store, evidence, &capture.item, &pictures, now).await?;
        let new = by_hand(draft.item, Vec::new());
        let outcome = match self.store.insert_captured(&new, &kept, &capture, now).await? {
            true => Outcome::New,
            false => Outcome::Known,
        };
        self.note(&capture, outcome).await?;
        Ok((capture.item, outcome))
    }

    /// Puts an address before the collector where one of our sources serves it; `None` when nobody fetches it.
    async fn fetch_link(&self, url: &str, filled: &Filled<'_>, now: Time) -> crate::store::Result<Option<Outcome>> {
        if self.store.find_item(&ItemId::from_url(url)).await?.is_some() {
            return Ok(Some(Outcome::Known));
        }
        let is_fetched = |source: &&Source| source.status == Status::Active && !source.feeds.is_empty();
        let Some(source) = self.catalogue.source_of_url(url).filter(is_fetched) else {
            return Ok(None);
        };
        let address = filled.fields.get("url").map_or(url, |given| given.trim());
        let address = if address.contains("://") { address } else { url };
        self.queue(&source.id, address, url, "được ghi nhận thủ công", now)
            .await?;
        Ok(Some(Outcome::Queued))
    }

    async fn note(&self, capture: &Capture, outcome: Outcome) -> crate::store::Result<()> {
        let action = match capture.access {
            Access::Tip => "tip",
            _ => "capture",
        };
        let detail = match outcome {
            Outcome::New => "mới",
            Outcome::Known => "đã có",
            Outcome::Queued => "chờ tải",
        };
        let subject = capture.item.as_str();
        self.store
            .audit(capture.at, &capture.user, action, subject, detail)
            .await
    }
}

/// An item that somebody handed in.
pub(super) fn by_hand(item: Item, warnings: Vec<String>) -> NewItem {
    NewItem {
        method: match item.access {
            Access::Tip => "tip".into(),
            _ => "manual".into(),
        },
        item,
        snapshot: None,
        evidence: None,
        warnings,
    }
}

/// Keeps pictures as evidence of `item`, once each; what is given back goes into the store with it.
pub(super) async fn keep_pictures(
    store: &Store,
    evidence: &Evidence,
    item: &ItemId,
    pictures: &[&Picture],
    now: Time,
) -> Result<Vec<(KeptPicture, Option<Kept>)>, CaptureError> {
    let mut kept = Vec::with_capacity(pictures.len());
    for picture in pictures {
        let name = Evidence::name(&picture.bytes);
        let record = match store.find_evidence(&name).await? {
            Some(_) => None,
            None => {
                let address = format!("urn:diemtin:capture:{item}:{name}");
                Some(evidence.keep_resource(&address, picture.media_type, &picture.bytes, true, now)?)
            }
        };
        let picture = KeptPicture {
            name,
            media_type: picture.media_type.to_owned(),
            title: picture.name.clone(),
        };
        kept.push((picture, record));
    }
    if kept.iter().any(|(_, record)| record.is_some()) {
        evidence.sync()?;
    }
    Ok(kept)
}
