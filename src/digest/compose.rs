//! The press edition: which story goes where, in what order; figures and the word for an empty day.

use super::line::{Candidate, candidate, press_line};
use super::{Counts, Input, social};
use crate::model::analysis::SentimentLabel;
use crate::model::digest::{DigestKind, Edition, Figure, Line, Section};
use crate::model::source::Channel;

/// Lines of the first section.
const TOP: usize = 4;
/// Below this importance a story is not told: one item of a minor outlet, without stance, that nobody took up.
const FLOOR: f64 = 2.4;
/// Most lines of one section; the rest is on the web pages.
const SECTION: usize = 8;

/// Composes an edition.
pub fn compose(input: &Input<'_>) -> Edition {
    let (sections, figures) = match input.key.kind {
        DigestKind::Press => (press(input), figures(input)),
        DigestKind::Social => (social::sections(input), figures(input)),
    };
    let is_empty = sections.iter().all(|section| section.lines.is_empty());
    Edition {
        key: input.key.clone(),
        period: input.period.clone(),
        composed_at: input.now,
        parent: input.parent.clone(),
        agency: input.agency.clone(),
        unit: input.unit.clone(),
        is_sample: input.is_sample,
        is_late: input.is_late,
        note: is_empty.then(|| empty_day(input)),
        sections: sections
            .into_iter()
            .filter(|section| !section.lines.is_empty())
            .collect(),
        figures,
        coverage: input.coverage.clone(),
    }
}

/// Silence may be called quiet only over green coverage.
fn empty_day(input: &Input<'_>) -> String {
    if input.coverage.is_green() {
        return "Trong kỳ không có tin đáng chú ý.".into();
    }
    let missing = input.coverage.silent.len();
    format!(
        "Chưa đủ căn cứ để kết luận trong kỳ không có tin: thiếu {missing} nguồn ({}).",
        input.coverage.silent.join(", ")
    )
}

const HEADINGS: [&str; 6] = [
    "Thông tin cần lưu ý",
    "Hoạt động của Ngành, chỉ đạo điều hành",
    "Chính sách, pháp luật BHXH, BHYT, BHTN",
    "Thông tin phản ánh, kiến nghị, vấn đề tiêu cực",
    "Thông tin sai lệch, lừa đảo: cảnh báo, đính chính",
    "Địa phương, gương người tốt, tin khác",
];

fn press(input: &Input<'_>) -> Vec<Section> {
    let mut candidates: Vec<Candidate<'_>> = input
        .stories
        .iter()
        .filter(|brief| brief.members.iter().any(super::Member::is_press))
        .map(|brief| candidate(input, brief))
        .filter(|c| c.importance >= FLOOR)
        .collect();
    candidates.sort_by(|a, b| {
        b.importance
            .total_cmp(&a.importance)
            .then(a.brief.story.id.cmp(&b.brief.story.id))
    });
    let mut lines: Vec<Vec<Line>> = vec![Vec::new(); HEADINGS.len()];
    for (rank, candidate) in candidates.iter().enumerate() {
        let section = if rank < TOP { 0 } else { section_of(input, candidate) };
        if lines[section].len() < SECTION {
            lines[section].extend(press_line(input, candidate));
        }
    }
    HEADINGS
        .iter()
        .zip(lines)
        .map(|(heading, lines)| Section {
            heading: (*heading).to_owned(),
            lines,
        })
        .collect()
}

fn section_of(input: &Input<'_>, candidate: &Candidate<'_>) -> usize {
    let is_own = candidate.brief.members.iter().any(|m| {
        input
            .outlets
            .get(&m.item.source)
            .is_some_and(|outlet| outlet.channel == Channel::Own)
    });
    match candidate.topic.as_str() {
        "lua_dao_mao_danh" | "tin_gia_chinh_sach" => 4,
        _ if candidate.has_debunk => 4,
        _ if candidate.sentiment == SentimentLabel::Negative => 3,
        "cham_tron_dong" | "gian_lan_truc_loi" | "thanh_tra_kiem_tra" | "thuoc_vat_tu" => 3,
        "to_chuc_bo_may" | "truyen_thong_van_dong" | "doi_ngoai" | "cai_cach_thu_tuc" | "chuyen_doi_so" => 1,
        "guong_nguoi_tot" | "tang_so_the" | "khac" => 5,
        _ if is_own => 1,
        _ => 2,
    }
}

fn figures(input: &Input<'_>) -> Vec<Figure> {
    let figure = |label: &str, of: fn(&Counts) -> i64| Figure {
        label: label.to_owned(),
        count: of(&input.counts),
        before: input.before.as_ref().map(of),
    };
    vec![
        figure("Tin, bài, ý kiến liên quan", |c| c.items),
        figure("Báo chí", |c| c.press),
        figure("Mạng xã hội", |c| c.social),
        figure("Sắc thái tiêu cực", |c| c.negative),
        figure("Sắc thái trung tính", |c| c.neutral),
        figure("Sắc thái tích cực", |c| c.positive),
    ]
}
