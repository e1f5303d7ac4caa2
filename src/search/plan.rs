//! A query of ours as one of tantivy's.

use std::ops::Bound;

use chrono::{Days, NaiveDate, NaiveTime, TimeZone};
use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, Occur, PhrasePrefixQuery, PhraseQuery, Query as Plan, RangeQuery, TermQuery,
};
use tantivy::schema::{self, IndexRecordOption};

use super::Filter;
use super::document::Fields;
use super::query::{Field, Query};
use crate::model::vietnam;

pub(super) fn plan(query: &Query, filter: &Filter, fields: &Fields) -> Box<dyn Plan> {
    let mut parts = vec![(Occur::Must, of(query, fields))];
    if filter.from.is_some() || filter.to.is_some() {
        let seconds = |time: &Option<crate::model::Time>| time.map(|t| t.timestamp());
        parts.push((
            Occur::Must,
            published(seconds(&filter.from), seconds(&filter.to), fields),
        ));
    }
    if filter.relevant_only {
        parts.push((Occur::Must, of(&Query::Relevant(true), fields)));
    }
    Box::new(BooleanQuery::new(parts))
}

fn of(query: &Query, fields: &Fields) -> Box<dyn Plan> {
    match query {
        Query::All => Box::new(AllQuery),
        Query::Words {
            field,
            words,
            accented,
            prefix,
        } => {
            let pair = match field {
                Some(Field::Title) => fields.title,
                Some(Field::Author) => fields.author,
                _ => fields.text,
            };
            in_order(pair[usize::from(*accented)], words, *prefix)
        }
        Query::Id(field, id) => exactly(Term::from_field_text(fields.of_ids(*field), id)),
        Query::Published(from, to) => {
            let next = |day: &NaiveDate| day.checked_add_days(Days::new(1));
            published(
                from.as_ref().map(midnight),
                to.as_ref().and_then(next).as_ref().map(midnight),
                fields,
            )
        }
        Query::Relevant(is) => exactly(Term::from_field_bool(fields.relevant, *is)),
        // A condition that only excludes needs something to exclude from.
        Query::Not(part) => Box::new(BooleanQuery::new(vec![
            (Occur::Must, Box::new(AllQuery) as Box<dyn Plan>),
            (Occur::MustNot, of(part, fields)),
        ])),
        Query::And(parts) => Box::new(BooleanQuery::intersection(
            parts.iter().map(|p| of(p, fields)).collect(),
        )),
        Query::Or(parts) => Box::new(BooleanQuery::union(parts.iter().map(|p| of(p, fields)).collect())),
    }
}

fn exactly(term: Term) -> Box<dyn Plan> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn in_order(field: schema::Field, words: &[String], prefix: bool) -> Box<dyn Plan> {
    let mut terms: Vec<Term> = words.iter().map(|word| Term::from_field_text(field, word)).collect();
    match (terms.len(), prefix) {
        (_, true) => {
            let mut query = PhrasePrefixQuery::new(terms);
            // So many words may begin alike before a search for all of them is refused by memory, not by us.
            query.set_max_expansions(10_000);
            Box::new(query)
        }
        (1, false) => exactly(terms.remove(0)),
        (_, false) => Box::new(PhraseQuery::new(terms)),
    }
}

/// From `from` on and before `to`, Unix seconds.
fn published(from: Option<i64>, to: Option<i64>, fields: &Fields) -> Box<dyn Plan> {
    let term = |seconds: i64| Term::from_field_i64(fields.published, seconds);
    Box::new(RangeQuery::new(
        from.map_or(Bound::Unbounded, |s| Bound::Included(term(s))),
        to.map_or(Bound::Unbounded, |s| Bound::Excluded(term(s))),
    ))
}

/// The first second of a day in Viet Nam.
fn midnight(day: &NaiveDate) -> i64 {
    let start = day.and_time(NaiveTime::MIN);
    vietnam()
        .from_local_datetime(&start)
        .single()
        .map_or(0, |time| time.timestamp())
}
