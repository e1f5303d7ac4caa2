//! Which known narrative a text repeats: groups of wordings, or the overlap of meaning-bearing words with its variants.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use super::prepare::Prepared;
use super::words::{Form, Words};
use crate::model::knowledge::{Knowledge, Rumour};
use crate::text::fold;

/// Share of a variant's meaning that a text must carry.
const OVERLAP: f32 = 0.62;
/// Words so common that they carry no meaning here, folded.
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON_WORDS.split(' ').collect());
const COMMON_WORDS: &str = "la va cua cho co duoc thi ma o da se khong cac nhung nay do voi den tu ra vao nha moi nguoi em minh anh chi ba con bac oi a nhe di roi con chi cung nhu khi lam gi ai nua len ve lai hay hoac de bi ho ta dang mot hai";

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
    /// Sum of the weights of its words.
    weight: f32,
}

/// What a meaning-bearing word weighs, and the sayings it stands in, by index.
#[derive(Debug, Clone, Default)]
struct Word {
    weight: f32,
    sayings: Vec<usize>,
}

/// The compiled catalogue of narratives.
#[derive(Debug, Clone)]
pub struct Rumours {
    words: Words<(usize, usize)>,
    groups: BTreeMap<usize, usize>,
    sayings: Vec<Saying>,
    vocabulary: HashMap<String, Word>,
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
        let said: Vec<(Saying, BTreeSet<String>)> = knowledge
            .rumours
            .iter()
            .enumerate()
            .flat_map(|(at, rumour)| says(at, rumour))
            .collect();
        let mut vocabulary: HashMap<String, Word> = HashMap::new();
        for (at, (_, words)) in said.iter().enumerate() {
            for word in words {
                vocabulary.entry(word.clone()).or_default().sayings.push(at);
            }
        }
        for word in vocabulary.values_mut() {
            word.weight = (said.len() as f32 / word.sayings.len() as f32).ln().max(0.1);
        }
        let weigh = |(saying, words): (Saying, BTreeSet<String>)| Saying {
            // Short sayings are too easily contained in something else.
            weight: match words.len() {
                ..5 => f32::INFINITY,
                _ => words.iter().map(|word| vocabulary[word].weight).sum(),
            },
            ..saying
        };
        let sayings = said.into_iter().map(weigh).collect();
        Rumours {
            words: Words::new(phrases),
            groups,
            sayings,
            vocabulary,
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
        let mut shared = vec![0.0; self.sayings.len()];
        for word in meaningful(&text.folded)
            .iter()
            .filter_map(|word| self.vocabulary.get(word))
        {
            for saying in &word.sayings {
                shared[*saying] += word.weight;
            }
        }
        let share = |(saying, shared): (_, f32)| {
            let saying: &Saying = saying;
            (saying, shared / saying.weight.max(1.0))
        };
        let scored = self.sayings.iter().zip(shared).map(share);
        let (best, score) = scored.max_by(|a, b| a.1.total_cmp(&b.1))?;
        (score >= OVERLAP && !best.look_alike).then_some(Match {
            rumour: best.rumour,
            score,
            place: None,
        })
    }
}

fn says(at: usize, rumour: &Rumour) -> Vec<(Saying, BTreeSet<String>)> {
    let say = |look_alike, text: &String| {
        let saying = Saying {
            rumour: at,
            look_alike,
            weight: 0.0,
        };
        (saying, meaningful(&fold::fold(text)))
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
        .filter(|w| !COMMON.contains(**w))
        .map(|w| (*w).to_owned())
        .collect();
    set.extend(words.windows(2).map(|w| w.join(" ")));
    set
}
