//! A page without what no reader of ours looks at, before it is parsed: scripts, styles, drawings, pictures, comments, and
//! attributes that no selector names. Of an outlet's page that is most of its bytes, and parsing costs by the byte.
//!
//! Tags are told apart as the tokenizer of the HTML standard does (section 13.2.5). Where the markup is stranger than this
//! module knows, the rest of the page is left as it is: a reduced page must read the same.

use memchr::memmem::find;
use memchr::{memchr, memchr2};

use crate::model::source::Layout;

/// What must stay for the selectors of a source.
pub(super) struct Needed {
    /// Attributes its selectors name, in lower case.
    attributes: Vec<String>,
    /// Whether elements without words may go: not where selectors count or neighbour them.
    elements_may_go: bool,
}

impl Needed {
    /// What the selectors of a layout need.
    pub fn by(layout: &Layout) -> Needed {
        let lists = [
            &layout.title,
            &layout.summary,
            &layout.body,
            &layout.author,
            &layout.published,
            &layout.modified,
            &layout.drop,
        ];
        let mut needed = Needed {
            attributes: Vec::new(),
            elements_may_go: true,
        };
        for selector in lists.into_iter().flatten() {
            let named = selector.split(['[', '@']).skip(1).map(|rest| {
                let name = rest.trim_start();
                let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == ':' || c == '_'));
                name[..end.unwrap_or(name.len())].to_ascii_lowercase()
            });
            needed
                .attributes
                .extend(named.filter(|name| !is_needed_always(name.as_bytes())));
            let counts = [
                "img", "source", "input", "link", "svg", "nth-", "-child", "-of-type", "+", "~", ":has", ":empty",
            ];
            needed.elements_may_go &= !counts.iter().any(|word| selector.contains(word));
        }
        needed
    }

    fn attribute(&self, name: &[u8], value: &[u8]) -> bool {
        let mut lower = [0; 24];
        let Some(lower) = lower.get_mut(..name.len()) else {
            return self
                .attributes
                .iter()
                .any(|known| known.as_bytes().eq_ignore_ascii_case(name));
        };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        match &*lower {
            // Only where a by-line may stand.
            b"style" => find(value, b"right").is_some() || self.names(lower),
            lower => is_needed_always(lower) || self.names(lower),
        }
    }

    fn names(&self, name: &[u8]) -> bool {
        self.attributes.iter().any(|known| known.as_bytes() == name)
    }
}

/// Attributes that this module's readers look at on every page.
fn is_needed_always(name: &[u8]) -> bool {
    matches!(
        name,
        b"id"
            | b"class"
            | b"type"
            | b"rel"
            | b"lang"
            | b"name"
            | b"property"
            | b"itemprop"
            | b"content"
            | b"datetime"
            | b"align"
            | b"charset"
    )
}

/// The page without what nobody reads.
pub(super) fn reduce(html: &str, needed: &Needed) -> String {
    let bytes = html.as_bytes();
    let mut kept = Kept {
        html,
        out: String::with_capacity(html.len() / 2),
        from: 0,
    };
    let mut at = 0;
    while let Some(found) = memchr(b'<', &bytes[at..]) {
        at += found;
        let next = match bytes.get(at + 1) {
            Some(b'!') => declaration(bytes, at, &mut kept),
            Some(b'/') => end_tag(bytes, at),
            Some(letter) if letter.is_ascii_alphabetic() => start_tag(bytes, at, needed, &mut kept),
            // Without the tag behind it, it could begin one.
            Some(b'<') => None,
            _ => Some(at + 1),
        };
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    kept.finish()
}

/// The page as far as it was read: everything from `from` on is still to be copied.
struct Kept<'a> {
    html: &'a str,
    out: String,
    from: usize,
}

impl Kept<'_> {
    /// Copies what was read before `at` and goes on at `next`.
    fn skip(&mut self, at: usize, next: usize) {
        self.out.push_str(&self.html[self.from..at]);
        self.from = next;
    }

    fn finish(mut self) -> String {
        self.skip(self.html.len(), self.html.len());
        self.out
    }
}

/// A comment goes, a doctype stays. `None`: leave the rest as it is.
fn declaration(bytes: &[u8], at: usize, kept: &mut Kept<'_>) -> Option<usize> {
    if !bytes[at..].starts_with(b"<!--") {
        return memchr(b'>', &bytes[at..]).map(|end| at + end + 1);
    }
    let end = at + 2 + find(&bytes[at + 2..], b"-->")? + 3;
    if find(&bytes[at..end], b"--!>").is_some() {
        return None;
    }
    kept.skip(at, end);
    Some(end)
}

fn end_tag(bytes: &[u8], at: usize) -> Option<usize> {
    let end = at + memchr(b'>', &bytes[at..])? + 1;
    memchr2(b'"', b'\'', &bytes[at..end]).is_none().then_some(end)
}

/// A start tag as it stands on the page.
struct Tag<'a> {
    name: &'a [u8],
    /// First byte and one past the last of each attribute with its value, and the value.
    attributes: Vec<(usize, usize, &'a [u8], &'a [u8])>,
    closes_itself: bool,
    end: usize,
}

fn start_tag(bytes: &[u8], at: usize, needed: &Needed, kept: &mut Kept<'_>) -> Option<usize> {
    let tag = read_tag(bytes, at)?;
    let is = |name: &str| tag.name.eq_ignore_ascii_case(name.as_bytes());
    let has = |attribute: &[u8], word: &[u8]| {
        let mut all = tag.attributes.iter();
        all.any(|(_, _, name, value)| name.eq_ignore_ascii_case(attribute) && find(value, word).is_some())
    };
    if is("script") {
        let end = raw_end(bytes, tag.end, b"script")?;
        let inside = &bytes[tag.end..end];
        if find(inside, b"<!--").is_some() && find(inside, b"<script").is_some() {
            return None;
        }
        if !has(b"type", b"json") {
            kept.skip(at, end);
        }
        return Some(end);
    }
    for name in ["style", "iframe", "noscript"] {
        if is(name) {
            let end = raw_end(bytes, tag.end, name.as_bytes())?;
            kept.skip(at, end);
            return Some(end);
        }
    }
    for name in ["title", "textarea", "xmp", "noembed", "noframes"] {
        if is(name) {
            return raw_end(bytes, tag.end, name.as_bytes());
        }
    }
    if is("plaintext") {
        return None;
    }
    if needed.elements_may_go {
        let goes = ["img", "source", "input", "track", "embed", "area"]
            .iter()
            .any(|name| is(name))
            || is("link") && !has(b"rel", b"anonical");
        if goes {
            kept.skip(at, tag.end);
            return Some(tag.end);
        }
        if is("svg")
            && let Some(end) = drawing_end(bytes, &tag)
        {
            kept.skip(at, end);
            return Some(end);
        }
    }
    let is_head = is("link") || is("base");
    let stays =
        |name: &[u8], value: &[u8]| needed.attribute(name, value) || is_head && name.eq_ignore_ascii_case(b"href");
    if tag.attributes.iter().any(|(_, _, name, value)| !stays(name, value)) {
        kept.skip(at + 1 + tag.name.len(), tag.end);
        for (start, end, ..) in tag.attributes.iter().filter(|(_, _, name, value)| stays(name, value)) {
            kept.out.push(' ');
            kept.out.push_str(&kept.html[*start..*end]);
        }
        kept.out.push_str(if tag.closes_itself { " />" } else { ">" });
    }
    Some(tag.end)
}

fn read_tag(bytes: &[u8], at: usize) -> Option<Tag<'_>> {
    let is_space = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c);
    let find_from = |from: usize, stops: &dyn Fn(u8) -> bool| {
        let length = bytes.get(from..)?.iter().position(|byte| stops(*byte))?;
        Some(from + length)
    };
    let ends_name = |byte: u8| is_space(byte) || matches!(byte, b'/' | b'>');
    let mut here = find_from(at + 1, &ends_name)?;
    let name = &bytes[at + 1..here];
    let (mut attributes, mut closes_itself) = (Vec::new(), false);
    loop {
        here = find_from(here, &|byte| !is_space(byte))?;
        match bytes[here] {
            b'>' => {
                return Some(Tag {
                    name,
                    attributes,
                    closes_itself,
                    end: here + 1,
                });
            }
            b'/' => {
                closes_itself = bytes.get(here + 1) == Some(&b'>');
                here += 1;
                continue;
            }
            _ => {}
        }
        let start = here;
        // An equals sign at the beginning is part of the name.
        here = find_from(here + 1, &|byte| ends_name(byte) || byte == b'=')?;
        let (name, mut value) = (&bytes[start..here], &bytes[here..here]);
        let mut end = here;
        let after = find_from(here, &|byte| !is_space(byte))?;
        if bytes[after] == b'=' {
            here = find_from(after + 1, &|byte| !is_space(byte))?;
            let from = here;
            here = match bytes[here] {
                quote @ (b'"' | b'\'') => from + 1 + memchr(quote, &bytes[from + 1..])? + 1,
                b'>' => from,
                _ => find_from(from, &|byte| is_space(byte) || byte == b'>')?,
            };
            (value, end) = (&bytes[from..here], here);
        }
        attributes.push((start, end, name, value));
    }
}

/// One past the end tag of an element whose content is raw text.
fn raw_end(bytes: &[u8], from: usize, name: &[u8]) -> Option<usize> {
    let mut at = from;
    loop {
        at += find(bytes.get(at..)?, b"</")? + 2;
        let after = at + name.len();
        let ends = matches!(
            bytes.get(after),
            Some(b' ' | b'\t' | b'\n' | b'\r' | 0x0c | b'/' | b'>')
        );
        if ends && bytes[at..after].eq_ignore_ascii_case(name) {
            return Some(after + memchr(b'>', &bytes[after..])? + 1);
        }
    }
}

/// One past the end of a drawing that holds nothing but shapes: other elements would break out of it.
fn drawing_end(bytes: &[u8], tag: &Tag<'_>) -> Option<usize> {
    const SHAPES: [&[u8]; 22] = [
        b"path",
        b"g",
        b"circle",
        b"rect",
        b"line",
        b"polygon",
        b"polyline",
        b"ellipse",
        b"defs",
        b"use",
        b"symbol",
        b"title",
        b"clippath",
        b"lineargradient",
        b"radialgradient",
        b"stop",
        b"mask",
        b"text",
        b"tspan",
        b"filter",
        b"image",
        b"pattern",
    ];
    if tag.closes_itself {
        return Some(tag.end);
    }
    let mut at = tag.end;
    loop {
        at += memchr(b'<', bytes.get(at..)?)? + 1;
        let closes = bytes.get(at) == Some(&b'/');
        let name = &bytes[at + usize::from(closes)..];
        let name = &name[..name.iter().position(|byte| !byte.is_ascii_alphanumeric())?];
        let end = at + memchr(b'>', &bytes[at..])? + 1;
        if closes && name.eq_ignore_ascii_case(b"svg") {
            return Some(end);
        }
        if !SHAPES.iter().any(|shape| name.eq_ignore_ascii_case(shape)) {
            return None;
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::extract::document::Document;

    fn needed(selectors: &[&str]) -> Needed {
        Needed::by(&Layout {
            body: selectors.iter().map(ToString::to_string).collect(),
            ..Layout::default()
        })
    }

    #[test]
    fn what_nobody_reads_goes_and_what_selectors_name_stays() {
        let page = "<!DOCTYPE html><!-- x --><html lang=vi><head><title>a <b> c</title><link rel=preload href=x>\
                    <link rel=canonical href='/a'><script>if (a < b) '<p>'</script><style>p{}</style>\
                    <script type=\"application/ld+json\">{}</script></head><body onload=x><svg viewBox=1><path d=1 /></svg>\
                    <p data-x=1 data-y = '2' class=a style='text-align:right'>một<img src='a>b'><br/></p></body>";
        assert_eq!(
            reduce(page, &needed(&["p[data-y]"])),
            "<!DOCTYPE html><html lang=vi><head><title>a <b> c</title><link rel=canonical href='/a'>\
             <script type=\"application/ld+json\">{}</script></head><body>\
             <p data-y = '2' class=a style='text-align:right'>một<br/></p></body>"
        );
        assert!(reduce("<p><img src=x></p>", &needed(&["p:has(img)"])).contains("<img>"));
    }

    #[test]
    fn strange_markup_is_left_as_it_is() {
        for page in [
            "<p>a<!-- open",
            "<p title='open",
            "<script>var a",
            "<p>1 < 2 & 3 <4></p>",
            "<<script>x</script>p",
            "<svg><p>breaks out</p></svg>",
            "<script><!--<script></script>--></script><p>b",
        ] {
            assert_eq!(reduce(page, &needed(&[])), page);
        }
    }

    /// Pieces of markup, good and bad, in any order.
    fn markup() -> impl Strategy<Value = String> {
        let pieces = [
            "<p>",
            "</p>",
            "<div class=a id='b'>",
            "</div>",
            "chữ ",
            "<script>x<p>y</script>",
            "<!-- c -->",
            "<img src=a>",
            "<a href='x>y' title=\"t\">",
            "</a>",
            "<svg><path/></svg>",
            "<svg><p>z</p>",
            "<br>",
            "<table><tr><td>",
            "</table>",
            "<style>p</style>",
            "<noscript><p>n</p></noscript>",
            "&lt;b&gt;",
            "< ",
            "<",
            ">",
            "\"",
            "'",
            "=",
            "<title>",
            "</title>",
            "<textarea><p>",
            "</textarea>",
            "<p x=y/>",
            "<b",
            "<i a = b c>",
            "</i x='>'>",
            "<!doctype html>",
            "<!-->",
            "<iframe>",
            "</iframe>",
            "<link rel=canonical href=q>",
            "<input value='<p>'>",
            "</svg>",
            "<math><mi>m</mi></math>",
            "<ul><li>",
        ];
        proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..25).prop_map(|all| all.concat())
    }

    fn read(html: &str) -> (Vec<String>, Vec<String>) {
        let document = Document::parse(html);
        let root = document.html().root_element();
        let text = crate::extract::body::paragraphs(root, &Default::default());
        let all = |css: &str| document.all(&[css.to_owned()]);
        (
            text,
            [
                all("p"),
                all(".a"),
                all("#b"),
                all("link@href"),
                all("td"),
                all("title"),
            ]
            .concat(),
        )
    }

    proptest! {
        #[test]
        fn a_reduced_page_reads_the_same(html in markup()) {
            let reduced = reduce(&html, &needed(&[]));
            prop_assert_eq!(read(&reduced), read(&html), "{} -> {}", html, reduced);
        }
    }
}
