//! `diemtin inspect`: what collecting and analysing make of one input.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use clap::Subcommand;

use super::{Common, Failure, Outcome, context};
use crate::analyse::{Analyser, Context};
use crate::catalogue::Catalogue;
use crate::collect::fetch::{Fetcher, Request};
use crate::collect::{feed, listing};
use crate::model::analysis::Analysis;
use crate::model::item::{Item, Record};
use crate::model::page::Page;
use crate::model::source::{Layout, Source};
use crate::model::{ItemId, SourceId, Time};

#[derive(Subcommand)]
pub enum What {
    /// A feed: what it lists
    Feed {
        /// File or address
        input: String,
        /// Address the file was fetched from, for relative links
        #[arg(long, default_value = "https://localhost/")]
        url: String,
    },
    /// A page: what is extracted from it
    Page {
        /// File or address
        input: String,
        /// Address the page is read as
        #[arg(long)]
        url: String,
        /// Source whose layout applies [default: the one whose host it is]
        #[arg(long, value_name = "ID")]
        source: Option<String>,
        /// Read it without any source's layout
        #[arg(long)]
        no_profile: bool,
    },
    /// A listing page: its links to articles
    Listing {
        /// File
        input: String,
        /// Address the page is read as
        #[arg(long)]
        url: String,
        /// Source whose layout applies [default: the one whose host it is]
        #[arg(long, value_name = "ID")]
        source: Option<String>,
    },
    /// Items from stdin, one analysis a line
    Text {
        /// "Now" for items without a time
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// Ignore parents and threads
        #[arg(long)]
        no_thread: bool,
        /// Strip accents first
        #[arg(long)]
        fold: bool,
    },
}

pub async fn inspect(common: &Common, what: What) -> Outcome {
    let config = context::config(common)?;
    let now = crate::clock::Clock::real().now();
    match what {
        What::Feed { input, url } => {
            let page = read(&config, &input, &url, now).await?;
            let document = feed::parse(&page.body, page.content_type.as_deref(), &page.final_url, now)?;
            print(&document)
        }
        What::Page {
            input,
            url,
            source,
            no_profile,
        } => {
            let catalogue = context::catalogue(&config)?;
            let page = read(&config, &input, &url, now).await?;
            let source = if no_profile {
                None
            } else {
                find(&catalogue, source, &url)?
            };
            let layout = source.map_or_else(Layout::default, |s| catalogue.layout(s, now.date_naive()));
            let family = source.and_then(|s| s.family.as_deref()).unwrap_or_default();
            print(&crate::extract::page(&page, family, &layout, now)?)
        }
        What::Listing { input, url, source } => {
            let catalogue = context::catalogue(&config)?;
            let page = read(&config, &input, &url, now).await?;
            let source = find(&catalogue, source, &url)?;
            let layout = source.map_or_else(Layout::default, |s| catalogue.layout(s, now.date_naive()));
            let html = crate::text::decode::decode(&page.body, page.content_type.as_deref()).text;
            print(&serde_json::json!({ "links": listing::links(&html, &url, &layout) }))
        }
        What::Text { at, no_thread, fold } => {
            let at = at.as_deref().map(context::time).transpose()?.unwrap_or(now);
            let catalogue = context::catalogue(&config)?;
            text(&Analyser::new(&catalogue.knowledge), at, no_thread, fold)
        }
    }
}

/// A file as if it had been fetched from `url`, or the answer of an address.
async fn read(config: &crate::config::Config, input: &str, url: &str, now: Time) -> Result<Page, Failure> {
    if input.starts_with("http://") || input.starts_with("https://") {
        let fetcher = Fetcher::new(&config.collect, &config.network, crate::clock::Clock::real())?;
        return Ok(fetcher.get(Request::new(input)).await?);
    }
    let body =
        std::fs::read(Path::new(input)).map_err(|error| Failure::Usage(format!("cannot read {input}: {error}")))?;
    Ok(Page {
        url: url.to_owned(),
        final_url: url.to_owned(),
        status: 200,
        content_type: None,
        etag: None,
        last_modified: None,
        body,
        fetched_at: now,
        exchanges: Vec::new(),
    })
}

fn find<'a>(catalogue: &'a Catalogue, id: Option<String>, url: &str) -> Result<Option<&'a Source>, Failure> {
    match id {
        None => Ok(catalogue.source_of_url(url)),
        Some(id) => catalogue
            .find_source(&SourceId::from(id.as_str()))
            .map(Some)
            .ok_or_else(|| Failure::Usage(format!("there is no source `{id}` in the catalogue"))),
    }
}

fn print(value: &impl serde::Serialize) -> Outcome {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}

/// One analysis a line for every item of stdin, in its order; observations give none.
fn text(analyser: &Analyser, at: Time, no_thread: bool, fold: bool) -> Outcome {
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input)?;
    let mut known: BTreeMap<ItemId, (Item, Analysis)> = BTreeMap::new();
    let mut refused = 0;
    for (index, line) in input.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let record = match Record::parse(index + 1, line) {
            Ok(record) => record,
            Err(error) => {
                eprintln!("{error}");
                refused += 1;
                continue;
            }
        };
        let item = record.item;
        if record.is_observation || known.contains_key(&item.id) {
            continue;
        }
        let parent = item.parent.as_ref().and_then(|id| known.get(id)).filter(|_| !no_thread);
        let gist = parent.map(|(p, _)| {
            if p.title.is_empty() {
                p.text.clone()
            } else {
                p.title.clone()
            }
        });
        let thread = item.thread.clone().filter(|_| !no_thread).or(gist);
        let found = analyser.analyse(
            &item,
            &Context {
                thread: thread.as_deref(),
                parent: parent.map(|(_, analysis)| analysis),
                at,
                source_province: None,
                fold,
            },
        );
        println!("{}", serde_json::to_string(&found)?);
        known.insert(item.id.clone(), (item, found));
    }
    match refused {
        0 => Ok(()),
        n => Err(Failure::Work(format!("{n} lines were not read; each is named above"))),
    }
}
