//! Tuổi Trẻ: `id.tuoitre.vn/api/getlist-comment.api`, by the article's number, which ends its address.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::{Batch, Problem, ReaderComment, changed, moment, number, parameter, with, words};

const SERVICE: &str = "https://id.tuoitre.vn/api/getlist-comment.api";
/// Comments asked for at a time.
const SIZE: i64 = 100;

static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"-(\d{10,20})\.html?$").expect("the pattern is a constant"));

/// The first page of comments of an article.
pub fn begin(article: &str) -> Option<String> {
    let path = article.split(['?', '#']).next()?;
    let number = NUMBER.captures(path)?;
    Some(format!(
        "{SERVICE}?objId={}&objType=1&sort=2&pagesize={SIZE}&pageindex=1",
        &number[1]
    ))
}

/// Comments; the next page is an address where this one was full.
pub fn read(address: &str, value: &Value) -> Result<Batch, Problem> {
    if value["Success"] == false {
        return Err(changed("it says that it did not succeed"));
    }
    // The list is written as text inside the answer; sometimes it is a plain list, or the whole answer is.
    let data = if value.is_array() { value } else { &value["Data"] };
    let inner = match data {
        Value::String(text) if text.trim().is_empty() => Value::Array(Vec::new()),
        Value::String(text) => serde_json::from_str(text).map_err(|_| changed("`Data` is no JSON"))?,
        Value::Null if value["Success"] == true => Value::Array(Vec::new()),
        other => other.clone(),
    };
    let items = inner.as_array().ok_or_else(|| changed("there is no list in `Data`"))?;
    let mut batch = Batch::default();
    for item in items {
        let replies = [&item["child_comments"], &item["children"]];
        let replies = replies
            .into_iter()
            .find_map(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        batch.comments.extend(comment(item));
        batch.comments.extend(replies.iter().filter_map(comment));
        let counted = number(&item["child_count"]).unwrap_or_default();
        batch.withheld += (counted - replies.len() as i64).max(0);
    }
    if items.len() as i64 >= SIZE {
        let page = parameter(address, "pageindex").unwrap_or(1);
        batch.more.extend(with(address, "pageindex", page + 1));
    }
    Ok(batch)
}

fn comment(item: &Value) -> Option<ReaderComment> {
    let reactions = item["reactions"].as_object();
    let reactions = reactions.map(|all| all.values().filter_map(number).sum());
    let comment = ReaderComment {
        id: number(&item["id"])?.to_string(),
        author: Some(words(&item["sender_fullname"])).filter(|name| !name.is_empty()),
        text: words(&item["content"]),
        published_at: moment(&item["published_date"]),
        likes: number(&item["likes"]).max(reactions).unwrap_or_default().max(0),
    };
    (!comment.text.is_empty()).then_some(comment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ARTICLE: &str = "https://tuoitre.vn/xa-mau-20261119083000001.htm";

    fn item(id: i64) -> Value {
        json!({"id": id, "sender_fullname": "Bạn đọc", "content": "Lương hưu <b>tháng</b> này?",
               "published_date": "2026-11-20T08:02:03", "reactions": {"1": 3, "2": 2}, "likes": 1, "child_count": 0})
    }

    #[test]
    fn the_number_of_an_article_ends_its_address() {
        let address = begin(&format!("{ARTICLE}?x=1")).unwrap();
        assert!(address.contains("objId=20261119083000001&") && address.ends_with("pageindex=1"));
        assert_eq!(begin("https://tuoitre.vn/thoi-su.htm"), None);
    }

    #[test]
    fn a_list_inside_text_and_a_plain_list_are_read_alike_and_a_full_page_has_a_next() {
        let address = begin(ARTICLE).unwrap();
        let text = json!({"Success": true, "Data": json!([item(1)]).to_string()});
        let plain = json!({"Success": true, "Data": [item(1)]});
        let batch = read(&address, &text).unwrap();
        assert_eq!(batch, read(&address, &plain).unwrap());
        assert_eq!(batch, read(&address, &json!([item(1)])).unwrap());
        let first = &batch.comments[0];
        assert_eq!((first.text.as_str(), first.likes), ("Lương hưu tháng này?", 5));
        assert_eq!(
            first.published_at,
            crate::text::date::parse("2026-11-20T08:02:03+07:00")
        );
        assert!(batch.more.is_empty());
        let full: Vec<Value> = (0..SIZE).map(item).collect();
        let more = read(&address, &json!({"Success": true, "Data": full})).unwrap().more;
        assert_eq!(parameter(&more[0], "pageindex"), Some(2));
    }

    #[test]
    fn replies_that_are_counted_and_not_given_are_counted_and_another_shape_is_a_change() {
        let address = begin(ARTICLE).unwrap();
        let mut parent = item(1);
        parent["child_count"] = json!(3);
        parent["child_comments"] = json!([item(2)]);
        let batch = read(&address, &json!({"Success": true, "Data": [parent]})).unwrap();
        assert_eq!((batch.comments.len(), batch.withheld), (2, 2));
        assert_eq!(
            read(&address, &json!({"Success": true, "Data": "[]"})),
            Ok(Batch::default())
        );
        for broken in [
            json!({"Success": false}),
            json!({"Success": true, "Data": "<html>"}),
            json!({"Data": 7}),
        ] {
            assert!(read(&address, &broken).unwrap_err().contains("changed"), "{broken}");
        }
    }
}
