//! The edition on public opinion: what people discuss, in counts and in words without identities; alerts with their state.

use super::line::{Candidate, candidate, departments, platform_name, reference};
use super::{Input, Member, StoryBrief, quote};
use crate::model::StoryId;
use crate::model::alert::{Alert, AlertKind};
use crate::model::analysis::SentimentLabel;
use crate::model::digest::{Line, Section};

/// Matters told of.
const MATTERS: usize = 7;
/// Posts that make a matter worth telling leaders.
const POSTS: usize = 2;

/// The sections of the social edition. A story that an alert stands for is told there and not again.
pub fn sections(input: &Input<'_>) -> Vec<Section> {
    let mut told: Vec<StoryId> = Vec::new();
    let suspected = |alert: &&Alert| !matches!(alert.kind, AlertKind::ComplaintWave | AlertKind::Surge);
    let mut lines_of = |wanted: &dyn Fn(&&Alert) -> bool| -> Vec<Line> {
        let mut alerts: Vec<&Alert> = input.alerts.iter().filter(wanted).collect();
        alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.level), alert.opened_at));
        let mut lines: Vec<Line> = Vec::new();
        for alert in alerts {
            let line = alert_line(input, alert);
            if !told.contains(&line.story) {
                told.push(line.story.clone());
                lines.push(line);
            }
        }
        lines
    };
    let misinformation = lines_of(&suspected);
    let waves = lines_of(&|alert| alert.kind == AlertKind::ComplaintWave);
    let matters = matters(input, &told);
    let section = |heading: &str, lines| Section {
        heading: heading.to_owned(),
        lines,
    };
    vec![
        section(
            "Thông tin có dấu hiệu sai lệch, lừa đảo hoặc cần kiểm chứng",
            misinformation,
        ),
        section("Phản ánh tăng đột biến", waves),
        section("Vấn đề dư luận quan tâm", matters),
    ]
}

fn posts(brief: &StoryBrief) -> Vec<&Member> {
    brief.members.iter().filter(|member| !member.is_press()).collect()
}

fn matters(input: &Input<'_>, told: &[StoryId]) -> Vec<Line> {
    let mut candidates: Vec<Candidate<'_>> = input
        .stories
        .iter()
        .filter(|brief| posts(brief).len() >= POSTS && !told.contains(&brief.story.id))
        .map(|brief| candidate(input, brief))
        .collect();
    candidates.sort_by(|a, b| {
        posts(b.brief)
            .len()
            .cmp(&posts(a.brief).len())
            .then(b.importance.total_cmp(&a.importance))
    });
    candidates
        .iter()
        .take(MATTERS)
        .map(|candidate| matter_line(input, candidate))
        .collect()
}

fn matter_line(input: &Input<'_>, candidate: &Candidate<'_>) -> Line {
    let posts = posts(candidate.brief);
    let examples: Vec<String> = examples(&posts).iter().map(|text| format!("“{text}”")).collect();
    let topic = input
        .knowledge
        .find_topic(&candidate.topic)
        .map(|t| t.name.clone())
        .unwrap_or_default();
    Line {
        story: candidate.brief.story.id.clone(),
        title: headline(candidate, &topic),
        summary: format!("{}. Ví dụ: {}", currents(&posts), examples.join("; ")),
        references: posts.iter().take(3).map(|member| reference(input, member)).collect(),
        reprints: 0,
        departments: departments(input, &candidate.topic),
        proposal: (candidate.sentiment == SentimentLabel::Negative)
            .then(|| "Đơn vị liên quan xem xét, giải đáp; bổ sung vào nội dung tuyên truyền.".to_owned()),
        sentiment: candidate.sentiment.as_str().to_owned(),
        importance: candidate.importance,
    }
}

/// The press headline where the press tells it too, else the topic: a private post is nobody's headline.
fn headline(candidate: &Candidate<'_>, topic: &str) -> String {
    let press = candidate
        .brief
        .members
        .iter()
        .find(|m| m.is_press() && !m.item.title.is_empty());
    press.map_or_else(|| topic.to_owned(), |member| member.item.title.clone())
}

/// How many spoke where and which way.
fn currents(posts: &[&Member]) -> String {
    let count = |label| posts.iter().filter(|m| m.analysis.sentiment.label == label).count();
    let mut platforms: Vec<String> = posts.iter().map(|m| platform_name(m)).collect();
    platforms.sort();
    platforms.dedup();
    format!(
        "{} ý kiến trên {}: {} không đồng tình, bức xúc; {} trung tính, hỏi đáp; {} đồng tình",
        posts.len(),
        platforms.join(", "),
        count(SentimentLabel::Negative),
        count(SentimentLabel::Neutral),
        count(SentimentLabel::Positive),
    )
}

fn examples(posts: &[&Member]) -> Vec<String> {
    let mut by_reach: Vec<&&Member> = posts.iter().collect();
    by_reach.sort_by_key(|m| {
        let seen = m.item.engagement;
        (
            std::cmp::Reverse(seen.reactions + seen.comments + seen.shares),
            m.item.id.clone(),
        )
    });
    by_reach
        .iter()
        .take(2)
        .map(|member| quote::anonymous(&member.item.text))
        .filter(|text| !text.is_empty())
        .collect()
}

fn alert_line(input: &Input<'_>, alert: &Alert) -> Line {
    let rumour = alert
        .rumour_id
        .as_deref()
        .and_then(|id| input.knowledge.find_rumour(id));
    let evidence: Vec<&Member> = input
        .stories
        .iter()
        .flat_map(|brief| &brief.members)
        .filter(|m| alert.items.contains(&m.item.id))
        .collect();
    let answer = rumour
        .map(|r| format!(" Gợi ý trả lời (chưa duyệt): {}", r.response_line))
        .unwrap_or_default();
    let names = |ids: &[String]| -> Vec<String> {
        ids.iter()
            .filter_map(|id| input.knowledge.departments.get(id))
            .map(|d| d.name.clone())
            .collect()
    };
    Line {
        story: alert
            .story
            .clone()
            .unwrap_or_else(|| StoryId(format!("alert-{}", alert.id))),
        title: format!(
            "{} (mức {}): {}",
            alert.kind.label(),
            u8::from(alert.level),
            alert.title
        ),
        summary: format!("{} Trạng thái: {}.{answer}", alert.reason, alert.state.label()),
        references: evidence.iter().take(3).map(|member| reference(input, member)).collect(),
        reprints: 0,
        departments: names(&alert.departments),
        proposal: Some(match alert.kind {
            AlertKind::Scam | AlertKind::Impersonation => {
                "Cảnh báo trên các kênh của Ngành; phối hợp công an, nền tảng xử lý.".to_owned()
            }
            AlertKind::ComplaintWave => "Đơn vị liên quan kiểm tra, khắc phục và thông báo cho người dân.".to_owned(),
            _ => "Đối chiếu quy định, xác minh và chuẩn bị thông tin chính thức.".to_owned(),
        }),
        sentiment: "negative".into(),
        importance: f64::from(u8::from(alert.level)) * 3.0,
    }
}
