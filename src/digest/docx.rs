//! The edition as a Word document: A4, margins and font of Nghị định 30/2020/NĐ-CP, Phụ lục I, mục I.

use docx_rs::{
    AlignmentType, Docx, Header, LineSpacing, LineSpacingType, PageMargin, PageNum, Paragraph, Run, RunFonts,
};

use super::render::RenderError;
use crate::model::digest::{Edition, Line};

/// Half points of 14 pt body text.
const BODY: usize = 28;
/// Twentieths of a point in a millimetre.
const MM: f64 = 56.7;

/// The document's bytes.
pub fn document(edition: &Edition, link: &str) -> Result<Vec<u8>, RenderError> {
    let mm = |millimetres: f64| (millimetres * MM) as i32;
    let margin = PageMargin::new()
        .top(mm(20.0))
        .bottom(mm(20.0))
        .left(mm(30.0))
        .right(mm(15.0))
        .header(mm(10.0));
    let font = RunFonts::new()
        .ascii("Times New Roman")
        .hi_ansi("Times New Roman")
        .cs("Times New Roman");
    let number = Header::new().add_paragraph(
        Paragraph::new()
            .align(AlignmentType::Center)
            .add_page_num(PageNum::new()),
    );
    let mut docx = Docx::new()
        .page_size(11_906, 16_838)
        .page_margin(margin)
        .default_fonts(font)
        .default_size(BODY)
        .default_line_spacing(LineSpacing::new().line_rule(LineSpacingType::Auto).line(264).after(120))
        .first_header(Header::new())
        .header(number);
    if edition.is_sample {
        docx = docx.add_paragraph(centred("DỮ LIỆU MẪU – KHÔNG CÓ THẬT", 26, true));
    }
    docx = docx
        .add_paragraph(plain(&edition.parent.to_uppercase(), 26, false))
        .add_paragraph(plain(&edition.agency.to_uppercase(), 26, true))
        .add_paragraph(plain(&edition.unit, 26, false))
        .add_paragraph(right("LƯU HÀNH NỘI BỘ"))
        .add_paragraph(centred(&edition.key.kind.label().to_uppercase(), 30, true))
        .add_paragraph(centred(
            &format!("Ngày {}", edition.key.date.format("%d/%m/%Y")),
            BODY,
            false,
        ));
    for figure in &edition.figures {
        docx = docx.add_paragraph(body(&format!("{}: {}", figure.label, figure.count)));
    }
    if let Some(note) = &edition.note {
        docx = docx.add_paragraph(body(note));
    }
    for (index, section) in edition.sections.iter().enumerate() {
        docx = docx.add_paragraph(plain(&format!("{}. {}", index + 1, section.heading), BODY, true));
        for (number, line) in section.lines.iter().enumerate() {
            for paragraph in paragraphs(&format!("{}.{}", index + 1, number + 1), line) {
                docx = docx.add_paragraph(paragraph);
            }
        }
    }
    docx = docx.add_paragraph(body(&format!("Bản đầy đủ và bằng chứng: {link}")));
    let mut bytes = std::io::Cursor::new(Vec::new());
    docx.build()
        .pack(&mut bytes)
        .map_err(|error| RenderError::Document(error.to_string()))?;
    Ok(bytes.into_inner())
}

fn paragraphs(number: &str, line: &Line) -> Vec<Paragraph> {
    let reprints = if line.reprints > 0 {
        format!(" (+{} báo đăng lại)", line.reprints)
    } else {
        String::new()
    };
    let sources: Vec<String> = line
        .references
        .iter()
        .map(|r| {
            let url = r.url.as_deref().map(|u| format!(", {u}")).unwrap_or_default();
            format!("{} ({}{url})", r.outlet, r.published_at.format("%H:%M %d/%m/%Y"))
        })
        .collect();
    let mut all = vec![
        plain(&format!("{number}. {}{reprints}", line.title), BODY, true),
        body(&line.summary),
        small(&format!("Nguồn: {}", sources.join("; "))),
    ];
    if !line.departments.is_empty() {
        all.push(small(&format!("Đơn vị liên quan: {}", line.departments.join("; "))));
    }
    if let Some(proposal) = &line.proposal {
        all.push(body(&format!("Tham mưu: {proposal}")));
    }
    all
}

fn plain(text: &str, size: usize, bold: bool) -> Paragraph {
    let run = Run::new().add_text(text).size(size);
    Paragraph::new().add_run(if bold { run.bold() } else { run })
}

fn body(text: &str) -> Paragraph {
    plain(text, BODY, false).align(AlignmentType::Both)
}

fn small(text: &str) -> Paragraph {
    plain(text, 24, false)
}

fn centred(text: &str, size: usize, bold: bool) -> Paragraph {
    plain(text, size, bold).align(AlignmentType::Center)
}

fn right(text: &str) -> Paragraph {
    plain(text, 24, true).align(AlignmentType::Right)
}
