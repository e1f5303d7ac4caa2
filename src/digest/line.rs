//! One story as one line: what is said, by whom, how important it is, who is concerned.

use std::collections::{BTreeMap, BTreeSet};

use super::quote;
use super::{Input, Member, StoryBrief};
use crate::model::analysis::{SentimentLabel, Verdict};
use crate::model::digest::{Line, Reference};
use crate::model::item::ItemKind;

/// References printed under a line beside the first.
const REFERENCES: usize = 4;

/// A story made ready for choosing and printing.
pub struct Candidate<'a> {
    pub brief: &'a StoryBrief,
    pub topic: String,
    pub importance: f64,
    pub sentiment: SentimentLabel,
    pub has_debunk: bool,
}

/// Weighs a story by its items of one kind: outlets' reach, how many tell it on their own, stance, reach, novelty.
pub fn candidate<'a>(input: &Input<'_>, brief: &'a StoryBrief) -> Candidate<'a> {
    let originals: Vec<&Member> = brief.members.iter().filter(|m| m.reprint_of.is_none()).collect();
    let sources: BTreeSet<_> = originals.iter().map(|m| &m.item.source).collect();
    let best = brief.members.iter().map(|m| m.item.source_rank).min().unwrap_or(3);
    let reach: i64 = brief
        .members
        .iter()
        .map(|m| m.item.engagement.comments + m.item.engagement.shares)
        .sum();
    let sentiment = stance(&brief.members);
    let flagged = brief
        .members
        .iter()
        .filter(|m| m.analysis.misinformation.verdict.is_flagged())
        .count();
    let has_debunk = brief
        .members
        .iter()
        .any(|m| m.analysis.misinformation.verdict == Verdict::Debunk);
    let importance = 1.2 * f64::from(4 - best.min(3))
        + (1.0 + sources.len() as f64).ln() * 2.0
        + (1.0 + reach as f64).ln() * 0.3
        + if sentiment == SentimentLabel::Negative {
            1.5
        } else {
            0.0
        }
        + if flagged > 0 { 1.5 } else { 0.0 }
        + if has_debunk { 0.8 } else { 0.0 }
        - if input.previous_stories.contains(&brief.story.id) {
            1.0
        } else {
            0.0
        };
    Candidate {
        topic: main_topic(&brief.members),
        importance,
        sentiment,
        has_debunk,
        brief,
    }
}

fn main_topic(members: &[Member]) -> String {
    let mut votes: BTreeMap<&str, f32> = BTreeMap::new();
    for member in members {
        for (place, topic) in member.analysis.topics.iter().enumerate() {
            *votes.entry(&topic.id).or_default() += topic.score / (place as f32 + 1.0);
        }
    }
    votes
        .into_iter()
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(a.0)))
        .map(|(t, _)| t.to_owned())
        .unwrap_or_default()
}

/// The stance most items of a story take; neutral unless the others outweigh it.
pub fn stance(members: &[Member]) -> SentimentLabel {
    let count = |label| members.iter().filter(|m| m.analysis.sentiment.label == label).count();
    let (against, with) = (count(SentimentLabel::Negative), count(SentimentLabel::Positive));
    match members.len() {
        n if against * 2 >= n && against > with => SentimentLabel::Negative,
        n if with * 2 >= n && with > against => SentimentLabel::Positive,
        _ => SentimentLabel::Neutral,
    }
}

/// The member that represents a story in print: of the first outlet in order among the originals of the press.
pub fn representative<'a>(input: &Input<'_>, members: &'a [Member]) -> Option<&'a Member> {
    members.iter().min_by_key(|m| {
        (
            !m.is_press(),
            m.item.title.is_empty(),
            m.reprint_of.is_some(),
            m.item.source_rank,
            input.outlet_order(&m.item.source),
            m.item.time(input.now),
        )
    })
}

/// The line of a story in the press digest.
pub fn press_line(input: &Input<'_>, candidate: &Candidate<'_>) -> Option<Line> {
    let press: Vec<Member> = candidate
        .brief
        .members
        .iter()
        .filter(|m| m.is_press())
        .cloned()
        .collect();
    let lead = representative(input, &press)?;
    let outlet = input.outlet_name(&lead.item.source);
    let time = lead.item.time(input.now);
    let quoted = quote::lead(&lead.item.text);
    let summary = if quoted.is_empty() {
        format!("{outlet} ({}) có bài về nội dung này.", time.format("%H:%M, %d/%m/%Y"))
    } else {
        format!("{outlet} ({}) cho biết: “{quoted}”", time.format("%H:%M, %d/%m/%Y"))
    };
    let reprints = press
        .iter()
        .filter(|m| m.reprint_of.is_some())
        .map(|m| &m.item.source)
        .collect::<BTreeSet<_>>();
    let mut others: Vec<&Member> = press
        .iter()
        .filter(|m| m.item.id != lead.item.id && m.reprint_of.is_none())
        .collect();
    others.sort_by_key(|m| (input.outlet_order(&m.item.source), m.item.time(input.now)));
    let references = std::iter::once(lead)
        .chain(others.into_iter().take(REFERENCES))
        .map(|m| reference(input, m))
        .collect();
    Some(Line {
        story: candidate.brief.story.id.clone(),
        title: lead.item.title.clone(),
        summary,
        references,
        reprints: reprints.len(),
        departments: departments(input, &candidate.topic),
        proposal: proposal(candidate),
        sentiment: candidate.sentiment.as_str().to_owned(),
        importance: candidate.importance,
    })
}

/// A source of a line. People's names are never printed: a post is named by its platform.
pub fn reference(input: &Input<'_>, member: &Member) -> Reference {
    let is_post = member.item.kind != ItemKind::Press;
    Reference {
        item: member.item.id.clone(),
        outlet: if is_post {
            platform_name(member)
        } else {
            input.outlet_name(&member.item.source)
        },
        title: member.item.title.clone(),
        url: if is_post { None } else { member.item.url.clone() },
        published_at: member.item.time(input.now),
        snapshot: member.snapshot.clone(),
    }
}

/// The platform of a post as printed.
pub fn platform_name(member: &Member) -> String {
    use crate::model::item::Platform;
    match member.item.platform {
        Platform::Press => "Báo chí",
        Platform::Facebook => "Facebook",
        Platform::Youtube => "YouTube",
        Platform::Zalo => "Zalo",
        Platform::Tiktok => "TikTok",
        Platform::Telegram => "Telegram",
        Platform::Forum => "Diễn đàn",
        Platform::Sms => "Tin nhắn",
        Platform::Threads => "Threads",
        Platform::Other => "Mạng xã hội",
    }
    .to_owned()
}

/// Names of the departments that a topic concerns.
pub fn departments(input: &Input<'_>, topic: &str) -> Vec<String> {
    let ids = input
        .knowledge
        .find_topic(topic)
        .map(|t| t.department.clone())
        .unwrap_or_default();
    ids.iter()
        .filter_map(|id| input.knowledge.departments.get(id))
        .map(|d| d.name.clone())
        .collect()
}

fn proposal(candidate: &Candidate<'_>) -> Option<String> {
    if candidate.has_debunk {
        return Some("Tiếp tục theo dõi; dẫn lại thông tin chính thức trên các kênh của Ngành.".into());
    }
    (candidate.sentiment == SentimentLabel::Negative).then(|| {
        "Giao đơn vị liên quan kiểm tra nội dung phản ánh, báo cáo kết quả; chuẩn bị thông tin trả lời báo chí.".into()
    })
}
