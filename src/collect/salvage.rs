//! A lenient reader of feed-like markup: finds every complete element by its tags, whatever is broken around it.

use std::ops::Range;

use memchr::memmem;

/// Markup with a lower-case shadow of the same length in which CDATA sections and comments are blank, so that tags are
/// only found where they are tags.
pub struct Markup<'a> {
    text: &'a str,
    shadow: String,
}

/// One element: its opening tag and what stands up to its end.
#[derive(Clone)]
pub struct Block {
    open: Range<usize>,
    content: Range<usize>,
}

impl<'a> Markup<'a> {
    /// Prepares `text` for searching.
    pub fn new(text: &'a str) -> Self {
        let mut shadow = text.to_ascii_lowercase().into_bytes();
        for (open, close) in [("<![CDATA[", "]]>"), ("<!--", "-->")] {
            let mut from = 0;
            while let Some(start) = memmem::find(&text.as_bytes()[from..], open.as_bytes()).map(|i| i + from) {
                let end = memmem::find(&text.as_bytes()[start..], close.as_bytes())
                    .map_or(text.len(), |i| start + i + close.len());
                shadow[start..end].fill(b' ');
                from = end;
            }
        }
        let shadow = String::from_utf8(shadow).unwrap_or_else(|_| text.to_ascii_lowercase());
        Self { text, shadow }
    }

    /// Every complete `<name>`: one that is closed, followed by the next one, or ended by the end of what holds it.
    pub fn blocks(&self, name: &str) -> Vec<Block> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(open) = self.opening(name, from..self.text.len()) {
            let next = self.opening(name, open.end..self.text.len()).map(|r| r.start);
            let limit = next.unwrap_or(self.text.len());
            let within = &self.shadow.as_bytes()[open.end..limit];
            let find = |tag: &str| memmem::find(within, tag.as_bytes()).map(|i| open.end + i);
            let ended = || {
                let tags = ["</channel", "</feed", "</rss", "</rdf", "</urlset", "</sitemapindex"];
                tags.into_iter().filter_map(find).min()
            };
            from = next.unwrap_or(self.text.len());
            if let Some(end) = find(&format!("</{name}")).or_else(ended).or(next) {
                found.push(Block {
                    content: open.end..end,
                    open,
                });
            }
        }
        found
    }

    /// Where the first `<name …>` stands within `range`.
    fn opening(&self, name: &str, range: Range<usize>) -> Option<Range<usize>> {
        let tag = format!("<{name}");
        let mut from = range.start;
        while let Some(start) = memmem::find(&self.shadow.as_bytes()[from..range.end], tag.as_bytes()).map(|i| i + from)
        {
            let after = start + tag.len();
            if self.shadow[after..range.end].starts_with(|c: char| c.is_whitespace() || c == '>' || c == '/') {
                let end = self.shadow[after..range.end].find('>').map(|i| after + i + 1)?;
                return Some(start..end);
            }
            from = after;
        }
        None
    }

    /// The text of the first child called `name` that says something: CDATA taken as it is, references decoded.
    pub fn child(&self, block: &Block, name: &str) -> Option<String> {
        let mut from = block.content.start;
        while let Some(open) = self.opening(name, from..block.content.end) {
            from = open.end;
            if self.text[open.clone()].ends_with("/>") {
                continue;
            }
            let rest = &self.shadow[open.end..block.content.end];
            let length = rest
                .find(&format!("</{name}"))
                .or_else(|| rest.find('<'))
                .unwrap_or(rest.len());
            let text = words(&self.text[open.end..open.end + length]);
            if !text.trim().is_empty() {
                return Some(text.trim().to_string());
            }
        }
        None
    }

    /// The first of `names` that says something.
    pub fn first(&self, block: &Block, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.child(block, name))
    }

    /// Attribute `attribute` of every child called `name`, with the child's whole opening tag.
    pub fn attributes(&self, block: &Block, name: &str, attribute: &str) -> Vec<(String, &'a str)> {
        let mut found = Vec::new();
        let mut from = block.content.start;
        while let Some(open) = self.opening(name, from..block.content.end) {
            from = open.end;
            let tag = &self.text[open];
            if let Some(value) = attribute_of(tag, attribute) {
                found.push((value, tag));
            }
        }
        found
    }

    /// An attribute of the block's own opening tag.
    pub fn own_attribute(&self, block: &Block, attribute: &str) -> Option<String> {
        attribute_of(&self.text[block.open.clone()], attribute)
    }

    /// The first element `name` before `end` or anywhere: for the title of the feed itself.
    pub fn head(&self, end: Option<&Block>) -> Block {
        Block {
            open: 0..0,
            content: 0..end.map_or(self.text.len(), |block| block.open.start),
        }
    }
}

/// Value of an attribute in an opening tag, references decoded.
pub fn attribute_of(tag: &str, attribute: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find(attribute).map(|i| i + from) {
        from = at + attribute.len();
        let value = tag[from..].trim_start();
        if !lower[..at].ends_with(|c: char| c.is_whitespace()) || !value.starts_with('=') {
            continue;
        }
        let value = value[1..].trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        return value[1..].split(quote).next().map(|v| words(v).trim().to_string());
    }
    None
}

/// Character data as XML means it: CDATA taken as it is, the five entities and numeric references decoded.
fn words(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, inside)) = rest.split_once("<![CDATA[") {
        out.push_str(&unescape(before));
        let (data, after) = inside.split_once("]]>").unwrap_or((inside, ""));
        out.push_str(data);
        rest = after;
    }
    out.push_str(&unescape(rest));
    out
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let name = rest[1..].split(';').next().unwrap_or_default();
        let number = name.strip_prefix('#').and_then(|n| match n.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => n.parse().ok(),
        });
        let decoded = match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "amp" => Some('&'),
            _ => number.and_then(char::from_u32),
        };
        match decoded {
            Some(c) if rest.len() > name.len() + 1 => {
                out.push(c);
                rest = &rest[name.len() + 2..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_elements_are_found_in_a_cut_document_and_tags_in_cdata_are_no_tags() {
        let text =
            "<rss><item><title><![CDATA[A </item> & B]]></title></item><item><title>C &amp; D</title><item><title>cut";
        let markup = Markup::new(text);
        let titles: Vec<_> = markup
            .blocks("item")
            .iter()
            .filter_map(|b| markup.child(b, "title"))
            .collect();
        assert_eq!(titles, ["A </item> & B", "C & D"]);
    }
}
