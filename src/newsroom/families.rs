//! The markup of an article in each family of content management systems.

use super::outlets::Outlet;
use super::pages::escape;
use super::pieces::Piece;
use crate::model::Time;

/// The pieces of a page in HTML, ready to be put in place.
pub(super) struct Parts {
    host: &'static str,
    title: String,
    lead: String,
    body: String,
    author: String,
    related: String,
    at: Time,
}

impl Parts {
    /// Prepares a piece with the headlines of `others` for its related boxes.
    pub(super) fn new(outlet: &Outlet, piece: &Piece, others: &[&Piece]) -> Self {
        let links = others.iter().map(|other| {
            let (path, title) = (escape(&other.path), escape(&other.title));
            format!("<li><a href=\"{path}\" title=\"{title}\">{title}</a></li>")
        });
        Self {
            host: outlet.host,
            title: escape(&piece.title),
            lead: escape(&piece.lead),
            body: piece
                .paragraphs
                .iter()
                .map(|p| format!("<p>{}</p>\n", escape(p)))
                .collect(),
            author: escape(&piece.author),
            related: links.collect(),
            at: piece.published_at,
        }
    }

    /// The related box in the middle of the body, as the families place it.
    fn body_with(&self, inset: &str) -> String {
        match self.body.find("</p>\n") {
            Some(at) => format!("{}{inset}{}", &self.body[..at + 5], &self.body[at + 5..]),
            None => format!("{}{inset}", self.body),
        }
    }

    /// `detail-title`, `detail-sapo`, `detail-content`; boxes of type RelatedOneNews and Photo inside the body.
    pub(super) fn vccorp(&self) -> String {
        let inset = format!(
            "<div class=\"VCSortableInPreviewMode alignRight\" type=\"RelatedOneNews\" data-style=\"align-right\"><div \
             class=\"kbwscwl-content\"><ul>{}</ul></div></div><figure class=\"VCSortableInPreviewMode\" type=\"Photo\">\
             <img src=\"/anh/minh-hoa.jpg\" alt=\"\"><figcaption class=\"PhotoCMS_Caption\"><p>Ảnh minh họa</p></figcaption></figure>",
            self.related
        );
        format!(
            "<div class=\"detail__main\"><div class=\"detail-cate\"><a href=\"/thoi-su.htm\" data-role=\"cate-name\">Thời sự</a></div>\
             <h1 class=\"detail-title\" data-role=\"title\">{}</h1><div class=\"detail-time\"><div data-role=\"publishdate\">{}</div></div>\
             <h2 class=\"detail-sapo\" data-role=\"sapo\">{}</h2><div class=\"detail-cmain\"><div class=\"detail-content afcbc-body\" \
             data-role=\"content\" itemprop=\"articleBody\">{}</div></div><div class=\"detail-author\" data-role=\"author\">{}</div>\
             <div class=\"detail-more\"><h3>Tin liên quan</h3><ul>{}</ul></div></div>",
            self.title,
            self.at.format("%d/%m/%Y %H:%M GMT+7"),
            self.lead,
            self.body_with(&inset),
            self.author,
            self.related,
        )
    }

    /// `article__title`, `article__sapo`, `article__body`.
    pub(super) fn epi(&self) -> String {
        let inset = format!(
            "<div class=\"article__photo\"><figure><img src=\"/anh/minh-hoa.jpg\" alt=\"\"><figcaption>Ảnh minh họa</figcaption></figure>\
             </div><div class=\"article__story related-news cms-relate\"><ul>{}</ul></div>",
            self.related
        );
        format!(
            "<article class=\"article\"><h1 class=\"article__title cms-title\">{}</h1><div class=\"article__meta\"><time class=\"time\" \
             datetime=\"{}\">{}</time><span class=\"author cms-author\">{}</span></div><div class=\"article__sapo cms-desc\">{}</div>\
             <div class=\"article__body zce-content-body cms-body\" itemprop=\"articleBody\">{}</div>\
             <div class=\"article__author\">{}</div></article><aside class=\"l-sidebar\"><h3>Tin mới</h3><ul>{}</ul></aside>",
            self.title,
            self.at.to_rfc3339(),
            self.at.format("%d/%m/%Y %H:%M"),
            self.author,
            self.lead,
            self.body_with(&inset),
            self.author,
            self.related,
        )
    }

    /// `block-sc-title`, `block-sc-sapo`, `b-maincontent`.
    pub(super) fn onecms(&self) -> String {
        let inset = format!(
            "<div class=\"sc-box-relate c-box-related\"><h4>Đọc thêm</h4><ul>{}</ul></div>",
            self.related
        );
        format!(
            "<div class=\"sc-longform-header\"><h1 class=\"sc-longform-header-title block-sc-title\">{}</h1>\
             <span class=\"sc-longform-header-author block-sc-author\">{}</span>\
             <span class=\"sc-longform-header-date block-sc-publish-time\">{}</span>\
             <p class=\"sc-longform-header-sapo block-sc-sapo\">{}</p></div><div class=\"b-maincontent\">\
             <div class=\"entry entry-no-padding\">{}</div></div>",
            self.title,
            self.author,
            self.at.format("%d/%m/%Y %H:%M"),
            self.lead,
            self.body_with(&inset),
        )
    }

    /// `article-detail-title`, `article-detail-desc`, `#articleBody`; time and date apart.
    pub(super) fn mastercms(&self) -> String {
        let inset = format!(
            "<div class=\"__MB_RELATED article-related\"><ul>{}</ul></div>",
            self.related
        );
        format!(
            "<article class=\"article-detail\"><h1 class=\"article-detail-title post-title\">{}</h1><div class=\"article-detail-info\">\
             <span class=\"article-publish-time\"><span class=\"format_time\">{}</span> | <span class=\"format_date\">{}</span></span></div>\
             <div class=\"article-detail-desc post-desc\">{}</div><div id=\"articleBody\" class=\"article-detail-content post-content\" \
             itemprop=\"articleBody\">{}</div><div class=\"article-detail-author\">{}</div></article>",
            self.title,
            self.at.format("%H:%M"),
            self.at.format("%d/%m/%Y"),
            self.lead,
            self.body_with(&inset),
            self.author,
        )
    }

    /// `title-detail`, `description`, `fck_detail ` with its trailing space; the by-line is the last paragraph of the body.
    pub(super) fn vnexpress(&self) -> String {
        format!(
            "<section class=\"section page-detail\"><div class=\"sidebar-1\"><div class=\"header-content\"><span class=\"date\">{}</span></div>\
             <h1 class=\"title-detail\">{}</h1><p class=\"description\">{}</p><article class=\"fck_detail \">{}\
             <ul class=\"list-news\" data-campaign=\"Box-Related\">{}</ul>\
             <p class=\"Normal author_mail\" style=\"text-align:right;\"><strong>{}</strong></p></article></div></section>",
            self.at.format("%d/%m/%Y, %H:%M (GMT+7)"),
            self.title,
            self.lead,
            self.body.replace("<p>", "<p class=\"Normal\">"),
            self.related,
            self.author,
        )
    }

    /// `h1[data-slot=title]`, `h2[data-slot=sapo]`, `#desktop-in-article`.
    pub(super) fn dantri(&self) -> String {
        let inset = format!(
            "<div class=\"article-related\" data-slot=\"related\"><ul>{}</ul></div>",
            self.related
        );
        format!(
            "<article data-slot=\"container\" class=\"dt-flex dt-flex-col dt-gap-6\"><h1 data-slot=\"title\" class=\"dt-font-inter\">{}</h1>\
             <div class=\"dt-flex dt-items-center\"><a class=\"hover:dt-text-black\" href=\"/tac-gia/1.htm\">{}</a>\
             <time class=\"dt-flex\" datetime=\"{}\">{}</time></div><h2 data-slot=\"sapo\" class=\"dt-font-arial\">{}</h2>\
             <div data-slot=\"content\" id=\"desktop-in-article\" class=\"dt-font-arial\">{}</div></article>",
            self.title,
            self.author,
            self.at.format("%Y-%m-%d %H:%M"),
            self.at.format("%d/%m/%Y - %H:%M"),
            self.lead,
            self.body_with(&inset),
        )
    }

    /// No h1, no meta, no JSON-LD: `#contenttin` and table-like boxes.
    pub(super) fn sharepoint(&self) -> String {
        format!(
            "<form method=\"post\" id=\"aspnetForm\"><div class=\"ms-webpart-zone\"><div class=\"col-xs-12 none-padding\">\
             <p class=\"tieude\">{}</p></div><div class=\"col-xs-6 none-padding sukien\"><p>{}</p></div>\
             <div id=\"contenttin\" class=\"noidung\"><p><strong>{}</strong></p>\n{}</div><div class=\"tacgia\">{}</div>\
             <div class=\"tinlienquan\"><h4>Tin khác</h4><ul>{}</ul></div></div></form>",
            self.title,
            self.at.format("%d/%m/%Y %H:%M"),
            self.lead,
            self.body,
            self.author,
            self.related,
        )
    }

    /// Plain HTML5, for the general extractor.
    pub(super) fn plain(&self) -> String {
        format!(
            "<div class=\"wrap\"><article><h1>{}</h1><p class=\"info\"><span>{}</span> - <time datetime=\"{}\">{}</time></p>\
             <p class=\"intro\"><strong>{}</strong></p>\n{}</article><div class=\"other\"><h3>Xem thêm trên {}</h3><ul>{}</ul></div></div>",
            self.title,
            self.author,
            self.at.to_rfc3339(),
            self.at.format("%H:%M %d/%m/%Y"),
            self.lead,
            self.body,
            self.host,
            self.related,
        )
    }
}
