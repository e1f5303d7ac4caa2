//! Words and pairs of words of a text as weighted features.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::text::fold::fold;
use crate::text::letters;

/// Words of a text that are looked at: news says what happened early.
const WORDS: usize = 700;
/// Texts below so many words count as short posts.
const SHORT: usize = 60;
/// Documents that the built-in background stands for.
const BACKGROUND: f32 = 200.0;
/// Features with fewer bearers are forgotten when the table is full.
const TABLE: usize = 4_000_000;

/// Very common Vietnamese syllables without accents, and words of the sector, which tell no event from another.
const COMMON: &str = "va la cua co cho cac duoc trong voi nhung mot nguoi khong da de khi den tu tai o nay theo ve cung \
    ra vao lam con nhu nam ngay thi phai sau do tren hon se dang bi boi hay chi lai len qua hoac mac neu nhieu it rat \
    nha minh em anh chi ban toi ba con chau bac ai gi sao vay nao roi moi dau gio thang ho vi ma the noi biet thay \
    bhxh bhyt bhtn bao hiem xa hoi y te huong dong tien so muc che thong tin viet nam co quan 1 2 10";
/// Pairs of words as common in the sector.
const COMMON_PAIRS: &str = "bao_hiem nguoi_dan co_quan viet_nam nguoi_lao lao_dong thong_tin bhxh_1 1_lan rut_bhxh \
    dong_bhxh the_bhyt nguoi_tham tham_gia huong_bhxh muc_dong bhxh_viet bhxh_tu tu_nguyen moi_nguoi cong_ty co_so";

/// Passes on feature hashes, which are spread already.
#[derive(Debug, Default, Clone, Copy)]
pub struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(bytes);
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// A table keyed by features.
pub type Table<V> = HashMap<u64, V, BuildHasherDefault<Spread>>;

/// FNV-1a with a final mix, so that both ends of the result are spread.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut value = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        value = (value ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    (value ^ (value >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (value >> 32)
}

/// One hash for two in order.
pub fn pair(first: u64, second: u64) -> u64 {
    (first.rotate_left(21) ^ second).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Hashes of the words of a text without accents: posts are often typed so, and pairs of words tell them apart again.
/// A date or number such as `1/12` or `18,2` is one word.
pub fn words(text: &str) -> Vec<u64> {
    let folded = fold(text)
        .replace("bao hiem xa hoi", "bhxh")
        .replace("bao hiem y te", "bhyt")
        .replace("bao hiem that nghiep", "bhtn")
        .replace("mot lan", "1 lan")
        .replace("phan tram", " ");
    folded
        .split(|c: char| !letters::is_alphanumeric(c) && !matches!(c, '/' | '.' | ','))
        .flat_map(split_number)
        .map(|word| hash(word.as_bytes()))
        .collect()
}

/// A run with marks in it stays whole when it is a number, and falls into its words otherwise.
fn split_number(run: &str) -> Vec<&str> {
    let run = run.trim_matches(['/', '.', ',']);
    if run.is_empty() {
        Vec::new()
    } else if run.starts_with(|c: char| c.is_ascii_digit()) && run.ends_with(|c: char| c.is_ascii_digit()) {
        vec![run]
    } else {
        run.split(['/', '.', ',']).filter(|w| !w.is_empty()).collect()
    }
}

/// The features of one text with how often they occur; those of the headline count three times.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    counts: Vec<(u64, f32)>,
    words: usize,
}

impl Terms {
    /// Reads a text.
    pub fn of(title: &str, text: &str) -> Terms {
        let head = words(title);
        let mut body = words(text);
        body.truncate(WORDS);
        let mut all: Vec<(u64, f32)> = Vec::with_capacity(2 * (head.len() + body.len()));
        for (list, weight) in [(&head, 3.0), (&body, 1.0)] {
            all.extend(list.iter().map(|w| (*w, weight)));
            all.extend(list.windows(2).map(|w| (pair(w[0], w[1]), weight)));
        }
        all.sort_unstable_by_key(|(feature, _)| *feature);
        let mut counts: Vec<(u64, f32)> = Vec::with_capacity(all.len());
        for (feature, weight) in all {
            match counts.last_mut() {
                Some(last) if last.0 == feature => last.1 += weight,
                _ => counts.push((feature, weight)),
            }
        }
        Terms {
            counts,
            words: head.len() + body.len(),
        }
    }

    /// Whether it is a short post, of which cosines say little.
    pub fn is_short(&self) -> bool {
        self.words < SHORT
    }
}

/// A text as weights of length 1, in the order of the features.
pub type Vector = Vec<(u64, f32)>;

/// The product of two vectors.
pub fn dot(a: &Vector, b: &Vector) -> f32 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while i < a.len() && j < b.len() {
        match a[i].0.cmp(&b[j].0) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                sum += a[i].1 * b[j].1;
                i += 1;
                j += 1;
            }
        }
    }
    sum
}

/// How rare features are, learnt from the texts seen so far on top of a small background.
#[derive(Debug, Clone)]
pub struct Idf {
    bearers: Table<f32>,
    texts: f32,
}

impl Default for Idf {
    fn default() -> Self {
        let mut bearers = Table::default();
        for word in COMMON.split_whitespace() {
            bearers.insert(hash(word.as_bytes()), BACKGROUND * 0.5);
        }
        for (first, second) in COMMON_PAIRS.split_whitespace().filter_map(|p| p.split_once('_')) {
            bearers.insert(pair(hash(first.as_bytes()), hash(second.as_bytes())), BACKGROUND * 0.25);
        }
        Idf {
            bearers,
            texts: BACKGROUND,
        }
    }
}

impl Idf {
    /// Counts one more text.
    pub fn learn(&mut self, terms: &Terms) {
        self.texts += 1.0;
        for (feature, _) in &terms.counts {
            *self.bearers.entry(*feature).or_insert(0.0) += 1.0;
        }
        if self.bearers.len() > TABLE {
            self.bearers.retain(|_, count| *count > 1.0);
        }
    }

    /// How much a feature tells: 0 when all texts bear it.
    pub fn of(&self, feature: u64) -> f32 {
        let bearers = self.bearers.get(&feature).copied().unwrap_or(0.0);
        ((self.texts + 1.0) / (bearers + 1.0)).ln().max(0.0)
    }

    /// The text as weights.
    pub fn weigh(&self, terms: &Terms) -> Vector {
        let mut vector: Vector = terms
            .counts
            .iter()
            .map(|(feature, count)| (*feature, (1.0 + count.ln()) * self.of(*feature)))
            .collect();
        normalise(&mut vector);
        vector
    }
}

/// Brings a vector to length 1.
pub fn normalise(vector: &mut Vector) {
    let length = vector.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|(_, w)| *w /= length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_thing_are_the_same_words() {
        assert_eq!(words("Bảo hiểm xã hội một lần"), words("bhxh 1 lần"));
        assert_eq!(words("từ 1/12, trừ 10 %").len(), 4);
        assert_eq!(words("rut.bhxh"), words("rut bhxh"));
    }

    #[test]
    fn words_of_the_sector_tell_less_than_names_from_the_first_text_on() {
        let idf = Idf::default();
        assert!(idf.of(hash(b"bhxh")) < 1.0);
        assert!(idf.of(hash(b"vssid")) > 4.0);
    }
}
