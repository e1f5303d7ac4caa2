//! Which watched subjects a relevant text is about.

use std::collections::BTreeMap;

use super::prepare::Prepared;
use super::words::{Form, Words};
use crate::model::analysis::TopicScore;
use crate::model::knowledge::Knowledge;

const LEAD: usize = 260;
const MOST: usize = 3;

/// Compiled keywords of all topics.
#[derive(Debug, Clone)]
pub struct Topics {
    words: Words<(usize, bool)>,
    ids: Vec<String>,
}

/// Topics with the place of the first keyword of each.
pub type Scored = Vec<(TopicScore, Option<(usize, usize)>)>;

impl Topics {
    /// Compiles keywords of the data files and `lexicon/topics.toml`.
    pub fn new(knowledge: &Knowledge) -> Topics {
        let more: BTreeMap<String, Vec<String>> =
            toml::from_str(include_str!("lexicon/topics.toml")).expect("the embedded lexicon is read in a test");
        let mut phrases = Vec::new();
        for (at, topic) in knowledge.topics.iter().enumerate() {
            phrases.extend(topic.kw.iter().map(|w| (w.clone(), Form::Accented, (at, true))));
            phrases.extend(topic.kw_fold.iter().map(|w| (w.clone(), Form::Folded, (at, true))));
            phrases.extend(topic.abbr.iter().map(|w| (w.clone(), Form::Always, (at, true))));
            let more = more.get(&topic.id).map(Vec::as_slice).unwrap_or_default();
            phrases.extend(more.iter().map(|w| (w.clone(), Form::Accented, (at, false))));
        }
        Topics {
            words: Words::new(phrases),
            ids: knowledge.topics.iter().map(|t| t.id.clone()).collect(),
        }
    }

    /// Scores a relevant text; `thread` is what it answers. At most three, main one first.
    pub fn score(&self, text: &Prepared, thread: Option<&Prepared>, boost: &BTreeMap<&str, f32>) -> Scored {
        let mut scores = vec![0.0_f32; self.ids.len()];
        let mut first = vec![None; self.ids.len()];
        let long = text.len() > 600;
        let mut add = |prepared: &Prepared, own: bool| {
            let mut seen: Vec<((usize, bool), String)> = Vec::new();
            let hits = self.words.find(prepared);
            for hit in &hits {
                let covered = hits.iter().any(|o| {
                    o.id.0 == hit.id.0
                        && o.start <= hit.start
                        && hit.end <= o.end
                        && o.end - o.start > hit.end - hit.start
                });
                let word = prepared.words(hit.start, hit.end).to_lowercase();
                if covered || seen.iter().any(|(id, w)| *id == hit.id && *w == word) {
                    continue;
                }
                let place = match own {
                    false => 0.8,
                    true if hit.start < prepared.title_end => 2.0,
                    true if !long || hit.start < prepared.title_end + LEAD => 1.0,
                    true => 0.4,
                };
                let syllables = word.split_whitespace().count().min(4) as f32;
                let weight = if hit.id.1 {
                    0.55 + 0.25 * syllables
                } else {
                    0.3 + 0.2 * syllables
                };
                scores[hit.id.0] += place * weight;
                if own {
                    first[hit.id.0].get_or_insert((hit.start, hit.end));
                }
                seen.push((hit.id, word));
            }
        };
        add(text, true);
        if let Some(thread) = thread {
            add(thread, false);
        }
        for (id, extra) in boost {
            if let Some(at) = self.ids.iter().position(|i| i == id) {
                scores[at] += extra;
            }
        }
        self.choose(scores, first)
    }

    fn choose(&self, scores: Vec<f32>, first: Vec<Option<(usize, usize)>>) -> Scored {
        let mut ranked: Vec<(usize, f32)> = scores.into_iter().enumerate().filter(|(_, s)| *s >= 0.5).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let best = ranked.first().map_or(0.0, |r| r.1);
        let mut chosen: Scored = ranked
            .into_iter()
            .enumerate()
            .filter(|(rank, (_, s))| *s >= best * [0.0, 0.5, 0.72][(*rank).min(2)])
            .take(MOST)
            .map(|(_, (at, s))| {
                (
                    TopicScore {
                        id: self.ids[at].clone(),
                        score: s / (s + 1.0),
                    },
                    first[at],
                )
            })
            .collect();
        if chosen.is_empty() {
            chosen.push((
                TopicScore {
                    id: "khac".into(),
                    score: 0.3,
                },
                None,
            ));
        }
        chosen
    }
}
