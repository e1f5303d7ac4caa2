//! Pages that are no article: gone, home, challenge.

use super::ExtractError;
use super::document::Document;
use crate::model::page::Page;
use crate::text::url;

/// What a challenge page carries and an article does not, with its name for people.
const CHALLENGES: &[(&str, &str)] = &[
    ("_cf_chl_opt", "Cloudflare"),
    ("<title>just a moment", "Cloudflare"),
    ("d1n=", "D1N"),
    ("d1n-", "D1N"),
    ("document.cookie=\"d1n", "D1N"),
    ("g-recaptcha", "captcha"),
    ("h-captcha", "captcha"),
    ("captcha", "captcha"),
    ("__stat=\"block\"", "blocked"),
];

/// Titles of pages that say with status 200 that they are not there.
const NOT_THERE: &[&str] = &[
    "404",
    "không tìm thấy",
    "không tồn tại",
    "page not found",
    "not found",
    "đã bị xóa",
    "đã bị xoá",
    "đã bị gỡ",
];

/// Refuses answers whose status or address says that they are not the article.
pub(super) fn check_address(page: &Page) -> Result<(), ExtractError> {
    let path = page.final_url.to_lowercase();
    if matches!(page.status, 404 | 410) || path.contains("pagenotfound") || path.contains("/404") {
        return Err(ExtractError::Gone);
    }
    if is_home(&page.final_url) && !is_home(&page.url) {
        return Err(ExtractError::RedirectedHome);
    }
    Ok(())
}

/// Refuses documents that are no article by what they say.
pub(super) fn check_content(html: &str, document: &Document) -> Result<(), ExtractError> {
    let paragraphs = memchr::memmem::find_iter(html.as_bytes(), "<p").count();
    if html.len() < 60_000 && paragraphs < 4 {
        let lower = html.to_lowercase();
        if let Some((_, name)) = CHALLENGES.iter().find(|(mark, _)| lower.contains(mark)) {
            return Err(ExtractError::Challenge(name));
        }
    }
    let heads = document.all(&["h1".into(), "title".into()]);
    let says_gone = heads.iter().any(|head| {
        let head = head.to_lowercase();
        head.chars().count() < 60
            && NOT_THERE.iter().any(|mark| match *mark {
                "404" => head.starts_with("404") || head.contains("lỗi 404") || head.contains("error 404"),
                mark => head.starts_with(mark) || (head.contains(mark) && head.contains("trang")),
            })
    });
    if says_gone && paragraphs < 12 {
        Err(ExtractError::Gone)
    } else {
        Ok(())
    }
}

/// Whether an address is a site's home page.
pub(super) fn is_home(address: &str) -> bool {
    let Ok(parsed) = ::url::Url::parse(address) else {
        return false;
    };
    let path = parsed.path().trim_matches('/').to_lowercase();
    let home = matches!(
        path.as_str(),
        "" | "index.html"
            | "index.htm"
            | "index.php"
            | "default.aspx"
            | "pages/default.aspx"
            | "home"
            | "trang-chu"
            | "trang-chu.html"
            | "home.html"
            | "index.aspx"
    );
    home && parsed.query_pairs().all(|(name, _)| name.starts_with("utm_"))
}

/// Whether two addresses belong to one site: equal hosts, or one below the other.
pub(super) fn same_site(one: &str, other: &str) -> bool {
    let (Some(one), Some(other)) = (url::host(one), url::host(other)) else {
        return false;
    };
    one == other || one.ends_with(&format!(".{other}")) || other.ends_with(&format!(".{one}"))
}
