//! Pages of the outlets: articles and listings in the markup of the families of content management systems.

use serde_json::json;

use super::families::Parts;
use super::faults::{Fault, encode_twice};
use super::outlets::{Cms, Outlet};
use super::pieces::{Piece, visible};
use crate::model::Time;

/// Text as it stands in HTML and XML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A whole document; the footer says that everything is invented.
pub(super) fn document(lang: &str, title: &str, head: &str, body: &str, generator: &str) -> String {
    let marks = if generator == "XenForo" {
        "id=\"XF\" data-app=\"public\" "
    } else {
        ""
    };
    format!(
        "<!DOCTYPE html>\n<html {marks}lang=\"{lang}\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"generator\" content=\"{generator}\">{head}</head>\n<body><header class=\"site-header\"><nav>\
         <a href=\"/\">Trang chủ</a> <a href=\"/lien-he\">Liên hệ</a></nav></header>\n<main>{body}</main>\n\
         <footer class=\"site-footer footer\">DỮ LIỆU MẪU – KHÔNG CÓ THẬT</footer></body></html>\n",
        title = escape(title),
    )
}

/// The page of an article as it stands at `now`.
pub(super) fn article(outlet: &Outlet, piece: &Piece, now: Time) -> String {
    let others: Vec<&Piece> = visible(outlet, now)
        .into_iter()
        .filter(|other| other.number != piece.number && !other.is_dead)
        .take(3)
        .collect();
    let parts = Parts::new(outlet, piece, &others);
    let body = match outlet.cms {
        Cms::Vccorp => parts.vccorp(),
        Cms::Epi => parts.epi(),
        Cms::Onecms => parts.onecms(),
        Cms::Mastercms => parts.mastercms(),
        Cms::Vnexpress => parts.vnexpress(),
        Cms::Dantri => parts.dantri(),
        Cms::Sharepoint => parts.sharepoint(),
        Cms::Plain => parts.plain(),
    };
    document(outlet.lang(), &piece.title, &head(outlet, piece), &body, "newsroom")
}

/// Meta elements and JSON-LD, as far as the family has them.
fn head(outlet: &Outlet, piece: &Piece) -> String {
    if outlet.cms == Cms::Sharepoint {
        return String::new();
    }
    let url = format!("http://{}{}", outlet.host, piece.path);
    let at = piece.published_at.to_rfc3339();
    let mut head = format!(
        "<link rel=\"canonical\" href=\"{url}\"><meta name=\"description\" content=\"{lead}\">\
         <meta property=\"og:type\" content=\"article\"><meta property=\"og:site_name\" content=\"{site}\">\
         <meta property=\"og:title\" content=\"{title}\"><meta property=\"og:url\" content=\"{url}\">\
         <meta property=\"og:description\" content=\"{lead}\">",
        lead = escape(&piece.lead),
        site = escape(outlet.name),
        title = escape(&piece.title),
        url = escape(&url),
    );
    match outlet.cms {
        Cms::Vnexpress => head += &format!("<meta itemprop=\"datePublished\" content=\"{at}\" name=\"pubdate\">"),
        Cms::Epi => head += &format!("<meta class=\"cms-date\" content=\"{at}\">"),
        _ => head += &format!("<meta property=\"article:published_time\" content=\"{at}\">"),
    }
    if matches!(outlet.cms, Cms::Vccorp | Cms::Epi | Cms::Vnexpress | Cms::Dantri) {
        head += &json_ld(outlet, piece, &url);
    }
    head
}

fn json_ld(outlet: &Outlet, piece: &Piece, url: &str) -> String {
    let clean = |text: &str| {
        if outlet.has(Fault::DoubleEncoded) {
            encode_twice(text)
        } else {
            text.to_owned()
        }
    };
    let (at, author) = if outlet.has(Fault::SpacedOffset) {
        (
            piece.published_at.format("%Y-%m-%dT%H:%M:%S.000 +07:00").to_string(),
            "",
        )
    } else {
        (piece.published_at.to_rfc3339(), piece.author.as_str())
    };
    let data = json!({
        "@context": "https://schema.org", "@type": "NewsArticle",
        "mainEntityOfPage": {"@type": "WebPage", "@id": url},
        "headline": clean(&piece.title), "description": clean(&piece.lead),
        "datePublished": at, "dateModified": at,
        "author": {"@type": "Person", "name": author},
        "publisher": {"@type": "Organization", "name": outlet.name},
    });
    format!("<script type=\"application/ld+json\">{data}</script>")
}

/// The section page of an outlet at `now`: what is visible, newest first.
pub(super) fn listing(outlet: &Outlet, now: Time) -> String {
    let rows: String = visible(outlet, now)
        .iter()
        .enumerate()
        .map(|(position, piece)| row(outlet, piece, position))
        .collect();
    let body = format!(
        "<h2 class=\"section-title\">{}</h2><div class=\"list-news-subfolder\">{rows}</div>",
        "Thời sự"
    );
    document(outlet.lang(), outlet.name, "", &body, "newsroom")
}

fn row(outlet: &Outlet, piece: &Piece, position: usize) -> String {
    let (title, lead) = (escape(&piece.title), escape(&piece.lead));
    let host = if outlet.has(Fault::RelativeLinks) {
        String::new()
    } else {
        format!("http://{}", outlet.host)
    };
    let url = format!("{host}{}", escape(&piece.path));
    match outlet.cms {
        Cms::Vccorp => format!(
            "<div class=\"box-category-item\"><h3><a class=\"box-category-link-title\" data-type=\"title\" href=\"{url}\">{title}</a></h3>\
             <p class=\"box-category-sapo\" data-type=\"sapo\">{lead}</p></div>\n"
        ),
        Cms::Epi => format!(
            "<article class=\"story\"><h2 class=\"story__heading\"><a class=\"cms-link\" href=\"{url}\">{title}</a></h2>\
             <div class=\"story__summary\">{lead}</div></article>\n"
        ),
        Cms::Onecms => format!(
            "<div class=\"b-grid\"><h3 class=\"b-grid__title\"><a href=\"{url}\">{title}</a></h3><div class=\"b-grid__desc\">{lead}</div></div>\n"
        ),
        Cms::Mastercms => format!(
            "<div class=\"article\"><h3 class=\"article-title\"><a href=\"{url}\">{title}</a></h3><div class=\"article-desc\">{lead}</div></div>\n"
        ),
        Cms::Vnexpress => format!(
            "<article class=\"item-news item-news-common\"><h3 class=\"title-news\"><a href=\"{url}\">{title}</a></h3>\
             <p class=\"description\"><a href=\"{url}\">{lead}</a><a class=\"count_cmt\" href=\"{url}#box_comment_vne\">3</a></p></article>\n"
        ),
        Cms::Dantri => format!(
            "<article class=\"article-item\"><h3 class=\"article-title\"><a href=\"{url}\">{title}</a></h3>\
             <div class=\"article-excerpt\">{lead}</div></article>\n"
        ),
        Cms::Sharepoint => {
            let item = 24_000 + piece.number;
            let base = outlet.section();
            let query = if position.is_multiple_of(2) {
                format!("ItemID={item}&amp;CateID=52&amp;OtItem=date")
            } else {
                format!("CateID=52&amp;ItemID={item}")
            };
            format!(
                "<div class=\"tin-item\"><p class=\"tieude\"><a href=\"{base}?{query}\">{title}</a></p><p class=\"mota\">{lead}</p></div>\n"
            )
        }
        Cms::Plain => format!("<div class=\"post\"><h2><a href=\"{url}\">{title}</a></h2><p>{lead}</p></div>\n"),
    }
}

/// The page that says that a page does not exist.
pub(super) fn not_found(outlet: &Outlet) -> String {
    let body = "<h1>Không tìm thấy trang</h1><p>Trang bạn tìm không tồn tại hoặc đã được gỡ bỏ.</p>";
    document(outlet.lang(), "Không tìm thấy trang", "", body, "newsroom")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::newsroom::day::day;
    use crate::newsroom::outlets::{OUTLETS, by_name};

    #[test]
    fn every_family_shows_headline_lead_related_headlines_and_the_banner_outside_the_article() {
        for outlet in OUTLETS {
            let shown = visible(outlet, day().end);
            let page = article(outlet, shown[0], day().end);
            assert!(
                page.contains(&escape(&shown[0].title)) && page.contains(&escape(&shown[0].lead)),
                "{}",
                outlet.name
            );
            let other = shown[1..].iter().find(|piece| !piece.is_dead).unwrap();
            assert!(page.contains(&escape(&other.title)), "{}", outlet.name);
            let banner = page.find("DỮ LIỆU MẪU").unwrap();
            assert!(banner > page.find("</main>").unwrap(), "{}", outlet.name);
        }
    }

    #[test]
    fn dirty_json_ld_is_encoded_twice_or_has_a_spaced_offset_and_no_author() {
        let page = |name| {
            let outlet = by_name(name).unwrap();
            article(outlet, visible(outlet, day().end)[0], day().end)
        };
        assert!(page("Báo Ví Dụ").contains("&amp;#"));
        let spaced = page("Báo Người Thợ Ví Dụ");
        assert!(spaced.contains(".000 +07:00") && spaced.contains("\"name\":\"\""));
    }
}
