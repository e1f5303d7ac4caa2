//! Readers' comments below relevant articles, read whenever the article's page is: when it is new and when it is looked at
//! again. From undocumented interfaces, so only where the operator wants it, and marked.

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::collecting::Collecting;
use crate::collect::comments::{self, ReaderComment};
use crate::collect::fetch::Request;
use crate::collect::health;
use crate::collect::social_ids::reader_comment_id;
use crate::model::item::{Item, ItemKind, Platform};
use crate::model::page::Page;
use crate::model::source::{CommentInterface, Source};
use crate::model::{SourceId, Time};
use crate::store::{NewItem, Result, Store};

/// Days after its publication for which comments of an article are read: the day of the last look is within.
const DAYS: i64 = 3;
/// Requests for the comments of one article at one look.
const REQUESTS: usize = 12;
/// Reach of a reader's comment: that of one person, not of the outlet.
const READER_RANK: u8 = 3;

/// What was last read of an outlet's comments.
#[derive(Debug, Serialize, Deserialize)]
struct LastRead {
    at: Time,
    comments: usize,
    problem: Option<String>,
}

impl Collecting {
    /// Reads the comments of an article whose page was just read. What goes wrong is counted and shown; the article stays
    /// as it is.
    pub(super) async fn read_comments(&self, source: &Source, article: &Item, page: &Page) -> Result<()> {
        let now = self.clock.now();
        let is_young = (now.date_naive() - article.time(now).date_naive()).num_days() <= DAYS;
        let Some(interface) = source.comments.filter(|_| self.reader_comments && is_young) else {
            return Ok(());
        };
        let html = crate::text::decode::decode(&page.body, page.content_type.as_deref()).text;
        let Some(first) = comments::begin(interface, &page.final_url, &html) else {
            return Ok(());
        };
        let (mut waiting, mut asked, mut seen) = (VecDeque::from([first]), BTreeSet::new(), BTreeSet::new());
        let mut problem = None;
        while let Some(address) = waiting.pop_front() {
            if asked.len() == REQUESTS {
                self.store.count("comments_left", &source.id, 1, now).await?;
                break;
            }
            if !asked.insert(address.clone()) {
                continue;
            }
            let answer = match self.fetcher.get(Request::new(address.clone())).await {
                Ok(answer) => answer,
                Err(error) => {
                    problem = Some(error.to_string());
                    continue;
                }
            };
            match comments::read(interface, &address, &answer.body) {
                Ok(batch) => {
                    waiting.extend(batch.more);
                    if batch.withheld > 0 {
                        self.store
                            .count("comments_left", &source.id, batch.withheld, now)
                            .await?;
                    }
                    let new = batch
                        .comments
                        .into_iter()
                        .filter(|comment| seen.insert(comment.id.clone()));
                    let items = new.map(|comment| self.comment_item(source, interface, article, comment, now));
                    self.write(items.collect(), &answer).await?;
                }
                Err(error) => problem = Some(error),
            }
        }
        if let Some(problem) = &problem {
            tracing::warn!(source.id = %source.id, %problem, "readers' comments were not read");
            self.store.count("comments_failed", &source.id, 1, now).await?;
        }
        let last = LastRead {
            at: now,
            comments: seen.len(),
            problem,
        };
        let json = serde_json::to_string(&last).expect("a time, a number and text are JSON");
        self.store.set_meta(&key(&source.id), &json).await
    }

    fn comment_item(
        &self,
        source: &Source,
        interface: CommentInterface,
        article: &Item,
        comment: ReaderComment,
        now: Time,
    ) -> NewItem {
        let url = article.url.clone().unwrap_or_default();
        let mut item = self.item(source, &url, ItemKind::Comment, Platform::Forum);
        item.id = reader_comment_id(interface.as_str(), &comment.id);
        item.source_rank = READER_RANK;
        item.text = comment.text;
        item.author = comment.author;
        item.published_at = comment.published_at.filter(|at| *at <= now);
        item.parent = Some(article.id.clone());
        item.thread = Some(article.title.clone());
        item.engagement.reactions = comment.likes;
        NewItem {
            item,
            snapshot: None,
            evidence: None,
            method: "comments-undocumented".into(),
            warnings: vec![
                "read from an interface that the outlet never documented; it may change or end any day".into(),
            ],
        }
    }
}

fn key(source: &SourceId) -> String {
    format!("comments {source}")
}

/// How reading the comments of an outlet went last, in Vietnamese; `None` where its file names no way to them.
///
/// # Errors
/// When the store fails.
pub(super) async fn told(store: &Store, source: &Source) -> Result<Option<String>> {
    if source.comments.is_none() {
        return Ok(None);
    }
    let kept = store.find_meta(&key(&source.id)).await?;
    let last: Option<LastRead> = kept.and_then(|json| serde_json::from_str(&json).ok());
    let told = match last {
        None => "chưa đọc; chỉ đọc khi bật collect.reader_comments".to_owned(),
        Some(last) => {
            let at = last.at.format("%H:%M %d/%m/%Y");
            match last.problem {
                None => format!("lần cuối {at}, {} ý kiến", last.comments),
                Some(problem) => {
                    let why = health::in_words(&problem);
                    format!("lần cuối {at}, {} ý kiến, không đọc hết được: {why}", last.comments)
                }
            }
        }
    };
    Ok(Some(format!("Ý kiến bạn đọc (giao diện không được công bố): {told}")))
}
