//! Tips in JSON: one object, an array, `{"items": […]}` or an object a line, in the shape of an item of the contract with
//! `province` and `arrival` beside; `id` may be absent. Pure.

use serde_json::{Map, Value};

use super::captured::text_id;
use super::opening;
use crate::model::capture::Arrival;
use crate::model::item::{Access, Platform, Record, RecordError};
use crate::model::knowledge::Provinces;

/// One tip.
#[derive(Debug, Clone, PartialEq)]
pub struct Tip {
    /// The item, or what was seen of it later.
    pub record: Record,
    /// Province it comes from (id in `alerts/provinces.toml`), if told.
    pub province: Option<String>,
    /// By which way it reached the office, if told.
    pub arrival: Option<Arrival>,
}

/// Whether a text of JSON bears a mark of secrecy in any of its strings, or on a line that is no JSON.
pub fn is_marked(text: &str) -> bool {
    let marked = |text: &str| match serde_json::from_str::<Value>(text) {
        Ok(value) => opening::is_marked(&value),
        Err(_) => crate::text::secrecy::is_marked(text),
    };
    marked(text) || text.lines().any(marked)
}

/// The tips of a text, in its order; one that cannot be read is an error of its own, with its number.
pub fn read(text: &str, provinces: &Provinces) -> Vec<Result<Tip, RecordError>> {
    let text = text.trim_start_matches('\u{feff}');
    let tip = |(number, value): (usize, Result<Value, String>)| {
        let value = value.map_err(|problem| error(number, "json", problem))?;
        tip(number, value, provinces)
    };
    values(text).into_iter().map(tip).collect()
}

/// Values with their numbers: of the list, or of the lines.
fn values(text: &str) -> Vec<(usize, Result<Value, String>)> {
    let list = match serde_json::from_str(text) {
        Ok(Value::Array(list)) => list,
        Ok(Value::Object(mut object)) => match object.remove("items") {
            Some(Value::Array(list)) => list,
            _ => vec![Value::Object(object)],
        },
        _ => {
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            let parsed = |line| serde_json::from_str(line).map_err(|e| format!("không phải là JSON: {e}"));
            return lines.map(|(at, line)| (at + 1, parsed(line))).collect();
        }
    };
    list.into_iter()
        .enumerate()
        .map(|(at, value)| (at + 1, Ok(value)))
        .collect()
}

fn error(line: usize, field: &str, problem: String) -> RecordError {
    RecordError {
        line,
        field: field.into(),
        problem,
    }
}

fn tip(number: usize, value: Value, provinces: &Provinces) -> Result<Tip, RecordError> {
    let Value::Object(mut object) = value else {
        return Err(error(number, "json", "không phải là một đối tượng {…}".into()));
    };
    let province = match word(&object, "province") {
        "" => None,
        given => {
            let found = provinces.find(given);
            let unknown =
                || format!("`{given}` không phải là một trong 34 tỉnh, thành phố; ghi tên hoặc mã như `thanh_hoa`");
            Some(found.ok_or_else(|| error(number, "province", unknown()))?.id.clone())
        }
    };
    let arrival = match word(&object, "arrival") {
        "" => None,
        given => Some(given.parse().map_err(|problem| error(number, "arrival", problem))?),
    };
    object.entry("kind").or_insert_with(|| "post".into());
    if !object.contains_key("id") {
        let platform = word(&object, "platform").parse().unwrap_or(Platform::Other);
        let text = word(&object, "text");
        if text.is_empty() {
            return Err(error(number, "text", "cần có nội dung".into()));
        }
        let id = text_id(platform, text).0;
        object.insert("id".into(), id.into());
    }
    let mut record = Record::from_object(number, &object)?;
    record.item.access = Access::Tip;
    Ok(Tip {
        record,
        province,
        arrival,
    })
}

fn word<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provinces() -> Provinces {
        toml::from_str(
            "context_words = []\nvalid_from = \"2025-07-01\"\n[[province]]\nid = \"thanh_hoa\"\nname = \"Thanh Hóa\"\ntype = \"tỉnh\"\n\
             region = \"trung\"\nfold = \"thanh hoa\"\nbhxh_name = \"BHXH tỉnh Thanh Hóa\"\n",
        )
        .unwrap()
    }

    fn said(text: &str) -> Vec<String> {
        let say = |tip: Result<Tip, RecordError>| match tip {
            Ok(tip) => format!("{} {:?} {:?}", tip.record.item.text, tip.province, tip.arrival),
            Err(error) => format!("! {} {}", error.line, error.field),
        };
        read(text, &provinces()).into_iter().map(say).collect()
    }

    #[test]
    fn one_object_lists_and_lines_are_read_alike() {
        for text in [
            "{\n \"text\": \"a\",\n \"province\": \"Thanh Hóa\", \"arrival\": \"hotline\"\n}",
            "[{\"text\":\"a\",\"province\":\"thanh hoa\",\"arrival\":\"hotline\"}]",
            "{\"items\":[{\"text\":\"a\",\"province\":\"thanh_hoa\",\"arrival\":\"hotline\"}]}",
            "\u{feff}{\"text\":\"a\",\"province\":\"Thanh Hóa\",\"arrival\":\"hotline\"}\n\n",
        ] {
            assert_eq!(said(text), ["a Some(\"thanh_hoa\") Some(Hotline)"], "{text}");
        }
    }

    #[test]
    fn a_bad_tip_costs_only_itself_and_names_line_and_field() {
        let text = "{\"text\":\"a\"}\n{\"text\":\"b\",\"province\":\"Atlantis\"}\n{\"text\"\n{\"title\":\"c\"}\n{\"text\":\"d\",\"arrival\":\"bồ câu\"}\n{\"text\":\"e\"}";
        assert_eq!(
            said(text),
            [
                "a None None",
                "! 2 province",
                "! 3 json",
                "! 4 text",
                "! 5 arrival",
                "e None None"
            ]
        );
    }

    #[test]
    fn whatever_it_says_itself_it_came_as_a_tip_and_the_same_words_are_the_same_item() {
        let read = |text: &str| read(text, &provinces()).remove(0).unwrap().record.item;
        let one = read("{\"text\":\"Thẻ BHYT  hết hạn\",\"access\":\"vendor\",\"platform\":\"zalo\"}");
        assert_eq!((one.access, one.kind.as_str()), (Access::Tip, "post"));
        assert_eq!(one.id, read("{\"text\":\"thẻ bhyt hết hạn\",\"platform\":\"zalo\"}").id);
        assert_ne!(one.id, read("{\"text\":\"thẻ bhyt hết hạn\",\"platform\":\"sms\"}").id);
    }

    #[test]
    fn a_mark_in_any_string_or_line_is_seen() {
        assert!(is_marked("[{\"text\":\"a\\nM\\u1eacT\"}]"));
        assert!(is_marked("{\"text\":\"a\"}\n{\"title\":\"Tối mật\"}"));
        assert!(is_marked("{\"text\":\nMẬT\n"));
        assert!(!is_marked("{\"text\":\"bảo mật\"}\n{\"text\":\"b\"}"));
    }
}
