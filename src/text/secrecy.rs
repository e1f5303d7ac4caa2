//! Marks of state secrets: what bears one does not belong into this system.

/// What people are told when a document bears such a mark.
pub const MESSAGE: &str = "không đưa tài liệu mật lên hệ thống này";

/// A line is no mark alone when it is longer than this many bytes: brackets and decomposed letters included.
const LONGEST: usize = 200;

/// Whether a line of `text` says nothing but `MẬT`, `TỐI MẬT` or `TUYỆT MẬT`.
///
/// Letters may be composed or decomposed, with punctuation, brackets and spaces around them; `MẬT` alone only in capitals, as
/// stamps are: a comment may say "mật". Without accents nothing is a mark: `TOI MAT` may be "tôi mất".
pub fn is_marked(text: &str) -> bool {
    text.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'])
        .any(is_mark)
}

/// Whether a file's name bears a mark: the whole of it without its ending, or a part in brackets or behind a dash.
pub fn is_marked_name(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.replace(['[', ']', '(', ')'], "\n")
        .replace(" - ", "\n")
        .replace(" – ", "\n")
        .split('\n')
        .any(is_mark)
}

fn is_mark(line: &str) -> bool {
    let line = line.trim_matches(is_around);
    if line.is_empty() || line.len() > LONGEST {
        return false;
    }
    let words = super::squeeze(&super::nfc(line));
    // Invisible characters are gone now, so that what they hid may be trimmed.
    let words = words.trim_matches(is_around);
    words == "MẬT" || matches!(super::fold::lower(words).as_str(), "tối mật" | "tuyệt mật")
}

/// What may stand around a mark; combining marks belong to their letter.
fn is_around(c: char) -> bool {
    !c.is_alphanumeric() && !matches!(c, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mark_on_a_line_of_its_own_is_seen_however_it_is_set() {
        for text in [
            "MẬT",
            "  [TỐI MẬT]  ",
            "(Tuyệt Mật)",
            "— TUYỆT  MẬT —",
            "BỘ TÀI CHÍNH\r\nMẬT\r\nSố 12/BC",
            "\"TỐI\u{a0}MẬT\";;;",
            "MA\u{323}\u{302}T",
            "TÔ\u{301}I MÂ\u{323}T",
            "M\u{200b}ẬT",
            "x\u{2028}MẬT\u{2028}y",
        ] {
            assert!(is_marked(text), "{text:?}");
        }
    }

    #[test]
    fn running_text_and_words_that_only_look_alike_are_no_mark() {
        for text in [
            "",
            "MAT",
            "mat",
            "toi mat",
            "Tuyet mat",
            "MẮT",
            "MẤT",
            "mất",
            "bảo mật",
            "mật khẩu",
            "Đổi mật khẩu VssID\nbảo mật tài khoản",
            "Độ mật: không",
            "tài liệu mật",
            "MẬT ONG",
            "TỐI MẬT?!a",
            "tối\nmắt",
        ] {
            assert!(!is_marked(text), "{text:?}");
        }
    }

    #[test]
    fn a_name_of_a_file_is_marked_by_a_part_of_its_own() {
        for name in [
            "TUYỆT MẬT.png",
            "[MẬT] công văn.jpg",
            "Công văn 12 (Tối mật).pdf",
            "ke hoach - MẬT.eml",
            "MẬT",
        ] {
            assert!(is_marked_name(name), "{name}");
        }
        for name in [
            "bảo mật.png",
            "BẢO_MẬT.png",
            "mat.jpg",
            "đổi mật khẩu.eml",
            "anh.MẬT",
            "",
        ] {
            assert!(!is_marked_name(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn what_stands_beside_it_on_other_lines_does_not_hide_a_mark(before in "[^\\n]{0,40}", after in "[^\\n]{0,40}") {
            let text = format!("{before}\n ({}) \n{after}", "Tuyệt mật");
            prop_assert!(is_marked(&text));
        }
    }
}
