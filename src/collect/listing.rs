//! Links to articles on a listing page, for outlets without a feed. Pure.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use scraper::{ElementRef, Html, Selector};

use crate::model::entry::Link;
use crate::model::source::Layout;
use crate::text;

/// The links to articles on `html`, in the order of the page, each address once.
///
/// The layout's selectors are tried in order and the first that answers wins; without one, or where none answers any
/// more, every link counts. What is an article is told by the layout's `article_url`, else by the look of the address.
pub fn links(html: &str, base: &str, layout: &Layout) -> Vec<Link> {
    let page = Html::parse_document(html);
    let base = base_of(&page, base);
    let pattern = layout.article_url.as_deref().and_then(|p| Regex::new(p).ok());
    let chosen = layout.links.iter().find_map(|selector| {
        let found = collect(anchors(&page, selector), &base, |url| {
            pattern.as_ref().is_none_or(|p| p.is_match(url))
        });
        (!found.is_empty()).then_some(found)
    });
    chosen.unwrap_or_else(|| {
        collect(anchors(&page, "a[href]"), &base, |url| match &pattern {
            Some(pattern) => pattern.is_match(url),
            None => looks_like_article(url, &base),
        })
    })
}

/// The address links are read against: `<base href>` if the page has one.
fn base_of(page: &Html, base: &str) -> String {
    let selector = selector("base[href]").expect("the selector is valid");
    page.select(&selector)
        .next()
        .and_then(|element| text::url::absolute(base, element.attr("href")?))
        .unwrap_or_else(|| base.to_string())
}

fn selector(css: &str) -> Option<Selector> {
    Selector::parse(css.split('@').next().unwrap_or_default().trim()).ok()
}

/// The anchors that a selector names, or that stand in what it names.
fn anchors<'a>(page: &'a Html, css: &str) -> Vec<ElementRef<'a>> {
    let Some(selector) = selector(css) else {
        return Vec::new();
    };
    let inner = Selector::parse("a[href]").expect("the selector is valid");
    page.select(&selector)
        .flat_map(|element| {
            if element.value().name() == "a" {
                vec![element]
            } else {
                element.select(&inner).collect()
            }
        })
        .collect()
}

fn collect(anchors: Vec<ElementRef>, base: &str, is_article: impl Fn(&str) -> bool) -> Vec<Link> {
    let mut found: Vec<Link> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for anchor in anchors {
        let Some(url) = anchor.attr("href").and_then(|href| address(base, href)) else {
            continue;
        };
        let title = title_of(anchor);
        match places.get(&url) {
            Some(&place) => {
                let known = &mut found[place].title;
                if words(known) < 3 && words(&title) > words(known) {
                    *known = title;
                }
            }
            None if is_article(&url) => {
                places.insert(url.clone(), found.len());
                found.push(Link { url, title });
            }
            None => {}
        }
    }
    found
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// The absolute address without fragment; `#box_comment` and its like lead to the same piece.
fn address(base: &str, href: &str) -> Option<String> {
    let href = href.trim();
    if href.is_empty() || href.starts_with('#') {
        return None;
    }
    let mut url = url::Url::parse(&text::url::absolute(base, href)?).ok()?;
    url.set_fragment(None);
    Some(url.into())
}

/// Words of the link, else its `title`, else what its image says.
fn title_of(anchor: ElementRef) -> String {
    let own = clean(&anchor.text().collect::<Vec<_>>().join(" "));
    if words(&own) >= 3 {
        return own;
    }
    let image = Selector::parse("img[alt]").expect("the selector is valid");
    let stated = anchor.attr("title").map(clean).filter(|t| !t.is_empty());
    let pictured = || anchor.select(&image).find_map(|img| img.attr("alt")).map(clean);
    match stated.or_else(pictured) {
        Some(other) if words(&other) > words(&own) => other,
        _ => own,
    }
}

fn clean(text: &str) -> String {
    text::squeeze(&text::nfc(text))
}

/// Whether an address looks like an article of the same site: a slug of several words, or a long number in its last part.
fn looks_like_article(url: &str, base: &str) -> bool {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d{5,}").expect("the expression is valid"));
    static ITEM: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)[?&](itemid|id|aid|newsid)=\d+").expect("the expression is valid"));
    let (Some(here), Some(there)) = (text::url::host(base), text::url::host(url)) else {
        return false;
    };
    if !(here == there || there.ends_with(&format!(".{here}")) || here.ends_with(&format!(".{there}"))) {
        return false;
    }
    let Ok(parsed) = url::Url::parse(url) else { return false };
    let last = parsed
        .path()
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let slug_words = last.split(['-', '_']).filter(|part| !part.is_empty()).count();
    slug_words >= 5 || (slug_words >= 3 && NUMBER.is_match(last)) || ITEM.is_match(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r##"<body><nav><a href="/thoi-su.htm">Thời sự</a><a href="javascript:void(0)">x</a></nav>
      <article><a href="/dieu-chinh-luong-huu-tu-thang-7-101.html"><img alt="Ảnh minh họa lương hưu"></a>
      <h3><a href="/dieu-chinh-luong-huu-tu-thang-7-101.html">Điều chỉnh lương hưu từ tháng 7</a></h3>
      <a href="/dieu-chinh-luong-huu-tu-thang-7-101.html#box_comment_vne">12</a></article>
      <article><h3><a href="https://khac.example/quang-cao-cua-mot-ben-khac-999999.html">Quảng cáo của bên khác</a></h3></article>
      <article><h3><a href="mo-rong-quyen-loi-bhyt-102.html">Mở rộng quyền lợi BHYT</a></h3></article></body>"##;

    #[test]
    fn without_a_layout_articles_are_told_by_their_address_and_listed_once() {
        let found = links(PAGE, "https://baovidu.example/", &Layout::default());
        let urls: Vec<_> = found.iter().map(|l| l.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "https://baovidu.example/dieu-chinh-luong-huu-tu-thang-7-101.html",
                "https://baovidu.example/mo-rong-quyen-loi-bhyt-102.html"
            ]
        );
    }

    #[test]
    fn the_first_selector_that_answers_wins_and_the_pattern_tells_articles() {
        let layout = Layout {
            links: vec!["h2.gone a".into(), "article h3".into()],
            article_url: Some(r"-\d{3}\.html$".into()),
            ..Layout::default()
        };
        let found = links(PAGE, "https://baovidu.example/muc/", &layout);
        assert_eq!(found[0].title, "Điều chỉnh lương hưu từ tháng 7");
        assert_eq!(
            found[1].url,
            "https://baovidu.example/muc/mo-rong-quyen-loi-bhyt-102.html"
        );
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_layout_that_answers_no_more_falls_back_to_all_links() {
        let layout = Layout {
            links: vec!["div.old a".into()],
            ..Layout::default()
        };
        assert_eq!(links(PAGE, "https://baovidu.example/", &layout).len(), 2);
    }
}
