//! Which known narrative a text repeats: groups of wordings, or the overlap of meaning-bearing words with its variants.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::prepare::Prepared;
use super::words::{Form, Words};
use crate::model::knowledge::{Knowledge, Rumour};
use crate::text::fold;

/// Share of a variant's meaning that a text must carry.
const OVERLAP: f32 = 0.62;
/// Words so common that they carry no meaning here, folded.
const COMMON: &str = "la va cua cho co duoc thi ma o da se khong cac nhung nay do voi den tu ra vao nha moi nguoi em minh anh chi ba con bac oi a nhe di roi con chi cung nhu khi lam gi ai nua len ve lai hay hoac de bi ho ta dang mot hai";

/// A narrative found in a text.
#[derive(Debug, Clone)]
pub struct Match {
    /// Index into the catalogue.
    pub rumour: usize,
    /// 0 to 1.
    pub score: f32,
    /// Place of the asserting words.
    pub place: Option<(usize, usize)>,
}

#[derive(Debug, Clone)]
struct Saying {
    rumour: usize,
    look_alike: bool,
    words: BTreeSet<String>,
    weight: f32,
}

/// The compiled catalogue of narratives.
#[derive(Debug, Clone)]
pub struct Rumours {
    words: Words<(usize, usize)>,
    groups: BTreeMap<usize, usize>,
    sayings: Vec<Saying>,
    weights: HashMap<String, f32>,
}

impl Rumours {
    /// Compiles groups, claims, variants and look-alikes.
    pub fn new(knowledge: &Knowledge) -> Rumours {
        let lexicon: BTreeMap<String, Vec<Vec<String>>> =
            toml::from_str(include_str!("lexicon/rumours.toml")).expect("the embedded lexicon is read in a test");
        let (mut phrases, mut groups) = (Vec::new(), BTreeMap::new());
        for (at, rumour) in knowledge.rumours.iter().enumerate() {
            let Some(needed) = lexicon.get(&rumour.id) else {
                continue;
            };
            groups.insert(at, needed.len());
            for (group, words) in needed.iter().enumerate() {
                phrases.extend(words.iter().map(|w| (w.clone(), Form::Accented, (at, group))));
            }
        }
        let mut sayings: Vec<Saying> = knowledge
            .rumours
            .iter()
            .enumerate()
            .flat_map(|(at, r)| says(at, r))
            .collect();
        let mut weights: HashMap<String, f32> = HashMap::new();
        for word in sayings.iter().flat_map(|s| &s.words) {
            *weights.entry(word.clone()).or_default() += 1.0;
        }
        let total = sayings.len() as f32;
        weights.values_mut().for_each(|w| *w = (total / *w).ln().max(0.1));
        for saying in &mut sayings {
            saying.weight = saying.words.iter().map(|w| weights[w]).sum();
        }
        Rumours {
            words: Words::new(phrases),
            groups,
            sayings,
            weights,
        }
    }

    /// The best match, if any; the thread may supply one group, never the last, which asserts.
    pub fn find(&self, text: &Prepared, thread: Option<&Prepared>) -> Option<Match> {
        self.by_groups(text, thread).or_else(|| self.by_overlap(text))
    }

    fn by_groups(&self, text: &Prepared, thread: Option<&Prepared>) -> Option<Match> {
        let own = self.words.find(text);
        let about = thread.map(|t| self.words.find(t)).unwrap_or_default();
        let best = self.groups.iter().filter_map(|(rumour, count)| {
            let met = |group| own.iter().any(|h| h.id == (*rumour, group));
            let around = |group| about.iter().any(|h| h.id == (*rumour, group));
            let own_groups = (0..*count).filter(|g| met(*g)).count();
            let enough = met(count - 1) && own_groups >= count - (count / 2).min(1);
            if !enough || !(0..*count).all(|g| met(g) || around(g)) {
                return None;
            }
            let last = own.iter().find(|h| h.id == (*rumour, count - 1))?;
            let score = 0.6 + 0.1 * (*count as f32).min(3.0);
            Some(Match {
                rumour: *rumour,
                score,
                place: Some((last.start, last.end)),
            })
        });
        best.max_by(|a, b| a.score.total_cmp(&b.score).then(b.rumour.cmp(&a.rumour)))
    }

    fn by_overlap(&self, text: &Prepared) -> Option<Match> {
        if text.len() > 1200 {
            return None;
        }
        let own = meaningful(&text.folded);
        let share = |s: &Saying| {
            s.words
                .iter()
                .filter(|w| own.contains(*w))
                .map(|w| self.weights[w])
                .sum::<f32>()
                / s.weight.max(1.0)
        };
        let scored = self
            .sayings
            .iter()
            .filter(|s| s.words.len() >= 5)
            .map(|s| (s, share(s)));
        let (best, score) = scored.max_by(|a, b| a.1.total_cmp(&b.1))?;
        (score >= OVERLAP && !best.look_alike).then_some(Match {
            rumour: best.rumour,
            score,
            place: None,
        })
    }
}

fn says(at: usize, rumour: &Rumour) -> Vec<Saying> {
    let say = |look_alike, text: &String| Saying {
        rumour: at,
        look_alike,
        words: meaningful(&fold::fold(text)),
        weight: 0.0,
    };
    let mut all = vec![say(false, &rumour.claim)];
    all.extend(rumour.variants.iter().map(|t| say(false, t)));
    all.extend(rumour.look_alikes.iter().map(|t| say(true, t)));
    all
}

fn meaningful(folded: &str) -> BTreeSet<String> {
    let words: Vec<&str> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect();
    let mut set: BTreeSet<String> = words
        .iter()
        .filter(|w| !COMMON.split(' ').any(|c| c == **w))
        .map(|w| (*w).to_owned())
        .collect();
    set.extend(words.windows(2).map(|w| w.join(" ")));
    set
}
