//! An edition as HTML mail, plain text and Word document: three forms of one content.

use askama::Template;

use super::docx;
use crate::model::Time;
use crate::model::digest::{Edition, Figure, Line, Rendered};

/// Why an edition could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template failed.
    #[error("template: {0}")]
    Template(#[from] askama::Error),
    /// The Word document could not be written.
    #[error("document: {0}")]
    Document(String),
}

#[derive(Template)]
#[template(path = "digest.html")]
struct Html<'a> {
    edition: &'a Edition,
    link: String,
}

#[derive(Template)]
#[template(path = "digest.txt", escape = "none")]
struct Text<'a> {
    edition: &'a Edition,
    link: String,
}

/// Renders an edition in all its forms; `public_url` is where readers find the web pages.
///
/// # Errors
/// When a template or the document fails.
pub fn render(edition: &Edition, public_url: &str) -> Result<Rendered, RenderError> {
    let link = format!("{}/digests/{}", public_url.trim_end_matches('/'), edition.key.id());
    Ok(Rendered {
        subject: subject(edition),
        html: Html {
            edition,
            link: link.clone(),
        }
        .render()?,
        text: Text {
            edition,
            link: link.clone(),
        }
        .render()?,
        docx: docx::document(edition, &link)?,
    })
}

fn subject(edition: &Edition) -> String {
    let sample = if edition.is_sample { "[MẪU] " } else { "" };
    let late = if edition.is_late { "[GỬI MUỘN] " } else { "" };
    let revision = match edition.key.revision {
        1 => String::new(),
        n => format!(" (đính chính lần {})", n - 1),
    };
    let date = edition.key.date.format("%d/%m/%Y");
    let lines = match edition.lines().count() {
        0 => "không có tin".to_owned(),
        n => format!("{n} tin"),
    };
    format!(
        "{sample}{late}{} ngày {date}{revision} – {lines}",
        edition.key.kind.label()
    )
}

/// Words and forms the templates share.
impl Edition {
    fn title(&self) -> String {
        self.key.kind.label().to_uppercase()
    }

    fn day(&self) -> String {
        self.key.date.format("%d/%m/%Y").to_string()
    }

    fn span(&self) -> String {
        format!("từ {} đến {}", moment(&self.period.from), moment(&self.period.to))
    }

    fn coverage_line(&self) -> String {
        let coverage = &self.coverage;
        let mut line = format!("{}/{} nguồn trả lời trong kỳ", coverage.answered, coverage.sources);
        if !coverage.silent.is_empty() {
            line.push_str(&format!("; im lặng: {}", coverage.silent.join(", ")));
        }
        if !coverage.not_covered.is_empty() {
            line.push_str(&format!("; không bao quát: {}", coverage.not_covered.join(", ")));
        }
        line
    }
}

/// A moment as printed.
pub fn moment(time: &Time) -> String {
    time.format("%H:%M ngày %d/%m/%Y").to_string()
}

impl Line {
    fn departments_line(&self) -> String {
        self.departments.join("; ")
    }

    fn colour(&self) -> &'static str {
        match self.sentiment.as_str() {
            "negative" => "#b3261e",
            "positive" => "#1b6e3c",
            _ => "#5f6b7a",
        }
    }

    fn stance(&self) -> &'static str {
        match self.sentiment.as_str() {
            "negative" => "tiêu cực",
            "positive" => "tích cực",
            _ => "trung tính",
        }
    }
}

impl Figure {
    fn change(&self) -> String {
        match self.before {
            None => String::new(),
            Some(before) if before == self.count => " (bằng kỳ trước)".into(),
            Some(before) => format!(
                " ({}{} so với kỳ trước)",
                if self.count > before { "+" } else { "" },
                self.count - before
            ),
        }
    }
}
