//! Items as people and programs outside may see them: private persons by a letter, their words with handles masked.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Site, State};
use crate::model::analysis::{Analysis, Reason};
use crate::model::item::Item;
use crate::model::{ItemId, StoryId, Time};
use crate::store::ItemView;

/// A moment as pages show it.
pub(super) fn shown(time: &Time) -> String {
    time.format("%H:%M %d/%m/%Y").to_string()
}

/// An item with what was derived from it; private persons are masked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PublicItem {
    /// The item; author and handles masked, no address of a private account.
    pub item: Item,
    /// Its analysis, once it has one.
    pub analysis: Option<Analysis>,
    /// Its story.
    pub story: Option<StoryId>,
    /// The item it is a near-copy of.
    pub reprint_of: Option<ItemId>,
    /// SHA-256 of what was received.
    pub snapshot: Option<String>,
    /// Whether its publisher removed it.
    pub removed: bool,
}

impl From<ItemView> for PublicItem {
    fn from(view: ItemView) -> Self {
        Self {
            item: view.item.masked(),
            analysis: view.analysis,
            story: view.story,
            reprint_of: view.reprint_of,
            snapshot: view.snapshot,
            removed: view.removed,
        }
    }
}

/// A stretch of text, marked where it led to a decision.
pub(super) struct Piece {
    pub text: String,
    /// What the words led to, in Vietnamese; empty where they are plain.
    pub why: String,
}

/// An item as pages show it.
pub(super) struct Shown {
    pub id: ItemId,
    pub title: String,
    pub source: String,
    pub author: String,
    pub at: String,
    pub url: Option<String>,
    pub view: PublicItem,
    pub method: String,
    pub warnings: Vec<String>,
}

impl Shown {
    pub fn of(site: &Site, view: ItemView) -> Self {
        let (method, warnings) = (view.method.clone(), view.warnings.clone());
        let view = PublicItem::from(view);
        let item = &view.item;
        let source = match site.catalogue.find_source(&item.source) {
            Some(source) => source.name.clone(),
            None if item.is_social() && item.source_rank == 3 => item.platform.label().to_owned(),
            None => item.source.to_string(),
        };
        Self {
            id: item.id.clone(),
            title: crate::pipeline::telling::headline(item),
            source,
            author: item.author.clone().unwrap_or_default(),
            at: shown(&item.time(site.clock.now())),
            url: item.url.clone(),
            method,
            warnings,
            view,
        }
    }

    pub fn all(site: &State, views: Vec<ItemView>) -> Vec<Self> {
        views.into_iter().map(|view| Self::of(site, view)).collect()
    }

    /// First words of the body.
    pub fn gist(&self) -> String {
        let text = crate::text::squeeze(&self.view.item.text);
        match text.char_indices().nth(220) {
            Some((end, _)) if !self.view.item.title.is_empty() => format!("{}…", &text[..end]),
            _ if self.view.item.title.is_empty() => String::new(),
            _ => text,
        }
    }

    /// The body cut where words led to a decision.
    pub fn pieces(&self, site: &Site) -> Vec<Piece> {
        let offset = self.view.item.title.chars().count() + 1;
        let reasons = self.view.analysis.iter().flat_map(|a| &a.reasons);
        pieces(&self.view.item.text, offset, reasons, |what| explain(site, what))
    }
}

/// Cuts `text`, which begins at `offset` of what the spans count, at the spans; where two overlap the earlier wins.
fn pieces<'a>(
    text: &str,
    offset: usize,
    reasons: impl Iterator<Item = &'a Reason>,
    explain: impl Fn(&str) -> String,
) -> Vec<Piece> {
    let chars: Vec<char> = text.chars().collect();
    let mut spans: Vec<(usize, usize, &str)> = reasons
        .filter(|reason| reason.span[0] >= offset && reason.span[1] > reason.span[0])
        .map(|reason| (reason.span[0] - offset, reason.span[1] - offset, reason.what.as_str()))
        .filter(|(_, end, _)| *end <= chars.len())
        .collect();
    spans.sort_unstable();
    let part = |from: usize, to: usize| chars[from..to].iter().collect::<String>();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    for (start, end, what) in spans {
        if start < at {
            continue;
        }
        pieces.push(Piece {
            text: part(at, start),
            why: String::new(),
        });
        pieces.push(Piece {
            text: part(start, end),
            why: explain(what),
        });
        at = end;
    }
    pieces.push(Piece {
        text: part(at, chars.len()),
        why: String::new(),
    });
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

/// A reason's code in words: `topic:luong_huu` → `chủ đề: Lương hưu`.
pub(super) fn explain(site: &Site, what: &str) -> String {
    let (decision, value) = what.split_once(':').unwrap_or((what, ""));
    let knowledge = &site.catalogue.knowledge;
    let province = || {
        let mut all = knowledge.provinces.provinces.iter();
        all.find(|p| p.id == value).map(|p| p.name.clone())
    };
    let word = |parsed: Option<&'static str>| parsed.map_or_else(|| value.to_owned(), str::to_owned);
    match decision {
        "relevance" => "liên quan".into(),
        "topic" => format!(
            "chủ đề: {}",
            knowledge.find_topic(value).map_or(value, |t| t.name.as_str())
        ),
        "sentiment" => format!(
            "sắc thái: {}",
            word(value.parse().ok().map(crate::model::analysis::SentimentLabel::label))
        ),
        "content_kind" | "kind" => format!(
            "dạng: {}",
            word(value.parse().ok().map(crate::model::analysis::ContentKind::label))
        ),
        "province" => format!("địa phương: {}", province().unwrap_or_else(|| value.to_owned())),
        "rumour" => format!(
            "tin đồn: {}",
            knowledge.find_rumour(value).map_or(value, |r| r.claim.as_str())
        ),
        "fact" => format!("quy định: {value}"),
        _ => what.replace(':', ": "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_words_led_to_a_decision_and_nothing_of_it_is_lost() {
        let reason = |what: &str, span: [usize; 2]| Reason {
            what: what.into(),
            span,
            text: String::new(),
        };
        let reasons = [
            reason("b", [8, 12]),
            reason("a", [4, 9]),
            reason("c", [90, 95]),
            reason("t", [0, 2]),
        ];
        let cut = pieces("lương hưu tăng", 4, reasons.iter(), str::to_owned);
        let all: String = cut.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(all, "lương hưu tăng");
        assert_eq!((cut[0].text.as_str(), cut[0].why.as_str()), ("lương", "a"));
        assert_eq!(cut.len(), 2);
    }
}
