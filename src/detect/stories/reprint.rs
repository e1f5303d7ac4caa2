//! Near-copies ("đăng lại"): most of the shorter text's runs of five words stand in the other.

use super::features::{Table, pair, words};

/// Words in a row that make a shingle.
const LENGTH: usize = 5;
/// Share of the shorter text's shingles that the other holds.
const CONTAINED: f32 = 0.6;
/// Shingles without which nothing can be said.
const ENOUGH: usize = 6;

/// The runs of five words of a text, sorted, each once.
pub fn shingles(text: &str) -> Vec<u64> {
    let mut all: Vec<u64> = words(text)
        .windows(LENGTH)
        .map(|run| run[1..].iter().fold(run[0], |seed, word| pair(seed, *word)))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Copies among texts given in order of time: each with the earliest text that it is a copy of.
pub fn copies(shingles: &[Vec<u64>]) -> Vec<(usize, usize)> {
    let mut bearers: Table<Vec<usize>> = Table::default();
    let mut source: Vec<usize> = (0..shingles.len()).collect();
    for (i, own) in shingles.iter().enumerate() {
        let mut shared = std::collections::BTreeMap::<usize, usize>::new();
        for shingle in own {
            let list = bearers.entry(*shingle).or_default();
            list.iter().for_each(|j| *shared.entry(*j).or_default() += 1);
            list.push(i);
        }
        let copied = shared.into_iter().find(|(j, count)| {
            let shorter = own.len().min(shingles[*j].len());
            shorter >= ENOUGH && *count as f32 >= CONTAINED * shorter as f32
        });
        if let Some((j, _)) = copied {
            source[i] = source[j];
        }
    }
    source.into_iter().enumerate().filter(|(i, s)| i != s).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARTICLE: &str = "Sáng nay cơ quan bảo hiểm xã hội tỉnh thông báo hệ thống tiếp nhận hồ sơ đã hoạt động trở \
        lại sau sự cố thiết bị lưu trữ, người dân không phải nộp lại giấy tờ đã gửi trong thời gian gián đoạn.";

    #[test]
    fn a_by_line_a_new_lead_and_an_excerpt_are_still_copies() {
        let signed = format!("(Nguồn khác) - {ARTICLE} Theo Báo Tỉnh");
        let excerpt = ARTICLE.chars().take(110).collect::<String>();
        let own = "Người dân xếp hàng dài ở quầy khám vì ứng dụng không mở được suốt buổi sáng, nhiều người quay về.";
        let all = [ARTICLE, &signed, own, &excerpt].map(shingles);
        assert_eq!(copies(&all), vec![(1, 0), (3, 0)]);
    }
}
