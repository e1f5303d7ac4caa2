//! What understanding makes of one item (contract: "Analysis"). A program's suggestion; a conclusion is a person's.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ItemId;
use crate::word_enum;

word_enum!(
    /// The stance of a text toward the sector or its policy, never of the text as a whole.
    SentimentLabel {
        /// Blame, distrust, anger, sarcasm aimed at the sector or policy, true or not.
        Negative = "negative",
        /// A plain report or question.
        Neutral = "neutral",
        /// Thanks, defence, approval.
        Positive = "positive",
    }
);

word_enum!(
    /// What a text does.
    ContentKind {
        /// Asserts a checkable thing.
        Claim = "claim",
        /// The author's own trouble ("phản ánh").
        Complaint = "complaint",
        /// Asks.
        Question = "question",
        /// Proposes ("kiến nghị").
        Suggestion = "suggestion",
        /// Praises.
        Praise = "praise",
        /// Press or official news, also of complaints.
        Report = "report",
        /// Opinion or mood.
        Comment = "comment",
        /// Offers something.
        Ad = "ad",
    }
);

word_enum!(
    /// The suggestion about misinformation. Flagged means rumour, scam, outdated or contradicts.
    Verdict {
        /// Nothing to check; also criticism, however harsh, and a person's own experience.
        None = "none",
        /// Matches a known rumour and asserts it.
        Rumour = "rumour",
        /// Lures or impersonates.
        Scam = "scam",
        /// States as current what a fact shows was right earlier.
        Outdated = "outdated",
        /// Contradicts a dated, cited fact, in no catalogue.
        Contradicts = "contradicts",
        /// A grave checkable allegation that nothing here proves or refutes.
        NeedsCheck = "needs_check",
        /// Denies or warns of a rumour or scam.
        Debunk = "debunk",
        /// Asks whether something is true.
        Question = "question",
    }
);

word_enum!(
    /// How a stated value stands to the fact base.
    FactVerdict {
        /// Khớp.
        Matches = "matches",
        /// Số cũ, đã hết hiệu lực.
        Outdated = "outdated",
        /// Chưa có hiệu lực.
        NotYet = "not_yet",
        /// Không khớp quy định.
        Contradicts = "contradicts",
        /// Chưa đủ căn cứ đối chiếu.
        Unclear = "unclear",
    }
);

impl SentimentLabel {
    /// The words people see.
    pub fn label(self) -> &'static str {
        match self {
            SentimentLabel::Negative => "tiêu cực",
            SentimentLabel::Neutral => "trung tính",
            SentimentLabel::Positive => "tích cực",
        }
    }
}

impl ContentKind {
    /// The words people see.
    pub fn label(self) -> &'static str {
        match self {
            ContentKind::Claim => "khẳng định",
            ContentKind::Complaint => "phản ánh",
            ContentKind::Question => "hỏi",
            ContentKind::Suggestion => "kiến nghị",
            ContentKind::Praise => "khen",
            ContentKind::Report => "đưa tin",
            ContentKind::Comment => "bình luận",
            ContentKind::Ad => "quảng cáo",
        }
    }
}

impl FactVerdict {
    /// The words people see.
    pub fn label(self) -> &'static str {
        match self {
            FactVerdict::Matches => "khớp",
            FactVerdict::Outdated => "số cũ, đã hết hiệu lực",
            FactVerdict::NotYet => "chưa có hiệu lực",
            FactVerdict::Contradicts => "không khớp quy định",
            FactVerdict::Unclear => "chưa đủ căn cứ đối chiếu",
        }
    }
}

impl Verdict {
    /// The words people see: always a sign, never a conclusion.
    pub fn label(self) -> &'static str {
        match self {
            Verdict::None => "không có dấu hiệu",
            Verdict::Rumour => "có dấu hiệu trùng tin đồn đã biết",
            Verdict::Scam => "có dấu hiệu lừa đảo",
            Verdict::Outdated => "số liệu, quy định cũ",
            Verdict::Contradicts => "không khớp quy định",
            Verdict::NeedsCheck => "cần kiểm chứng",
            Verdict::Debunk => "bài đính chính, cảnh báo",
            Verdict::Question => "câu hỏi thực hư",
        }
    }

    /// Whether the item is flagged: counted as suspected misinformation.
    pub fn is_flagged(self) -> bool {
        matches!(
            self,
            Verdict::Rumour | Verdict::Scam | Verdict::Outdated | Verdict::Contradicts
        )
    }
}

/// A topic with its score in 0..=1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TopicScore {
    /// Id of the topic, the file name in `alerts/topics/`.
    pub id: String,
    /// Confidence, 0 to 1.
    pub score: f32,
}

/// A sentiment with its score in 0..=1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sentiment {
    /// Which.
    pub label: SentimentLabel,
    /// Confidence, 0 to 1.
    pub score: f32,
}

/// A value found in the text, held against one fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FactCheck {
    /// Id of the fact.
    pub id: String,
    /// How the value stands to it.
    pub verdict: FactVerdict,
    /// The value as the text has it.
    pub found: String,
    /// The value in force at the time the claim is about; in brackets where none is.
    pub expected: String,
}

/// The suggestion about misinformation with what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Misinformation {
    /// The suggestion.
    pub verdict: Verdict,
    /// Confidence, 0 to 1.
    pub score: f32,
    /// Known rumour or scam matched, whatever the verdict; null when in no catalogue.
    pub rumour_id: Option<String>,
    /// Values held against facts.
    pub facts: Vec<FactCheck>,
}

/// The words that led to a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// The decision: `relevance`, `topic:luong_huu`, `sentiment:negative`, `rumour:scam_tet`, `province:hue`.
    pub what: String,
    /// Start and end in Unicode characters of `title + "\n" + text`; `[0, 0]` when the words stand in the thread.
    pub span: [usize; 2],
    /// The words themselves.
    pub text: String,
}

/// What understanding makes of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Analysis {
    /// The item.
    pub id: ItemId,
    /// Language, ISO 639-1.
    pub lang: String,
    /// Whether it concerns BHXH, BHYT or BHTN of Viet Nam.
    pub relevant: bool,
    /// Confidence of that, 0 to 1.
    pub relevance: f32,
    /// Topics, main one first; empty when not relevant.
    pub topics: Vec<TopicScore>,
    /// Stance toward the sector.
    pub sentiment: Sentiment,
    /// What the text does.
    pub content_kind: ContentKind,
    /// Suggestion about misinformation.
    pub misinformation: Misinformation,
    /// Provinces it speaks of, ids of today's 34 units.
    pub provinces: Vec<String>,
    /// The words behind the decisions.
    pub reasons: Vec<Reason>,
    /// Version of rules and models that decided: name and hash of the data in `alerts/`.
    pub version: String,
}
