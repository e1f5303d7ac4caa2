//! The word lists of `lexicon.toml`: what shows a question, a denial, a lure.

use std::collections::BTreeMap;

use crate::word_enum;

word_enum!(
    /// What a word shows.
    Cue {
        /// Asks.
        Question = "question",
        /// Asks whether something is true.
        Verify = "verify",
        /// Denies.
        Deny = "deny",
        /// Warns.
        Warn = "warn",
        /// Reports a fine.
        Fine = "fine",
        /// Tells what happened to the author or their own.
        Firsthand = "firsthand",
        /// Trouble with the service.
        Complaint = "complaint",
        /// Proposes.
        Suggestion = "suggestion",
        /// Thanks, approval.
        Praise = "praise",
        /// Blame.
        Blame = "blame",
        /// Sarcasm.
        Sarcasm = "sarcasm",
        /// Distrust.
        Distrust = "distrust",
        /// A proposal or draft, not the law.
        Hedge = "hedge",
        /// Speaks of earlier law.
        Past = "past",
        /// Passes a message on.
        Spread = "spread",
        /// A grave change for the reader.
        Grave = "grave",
        /// Asks for codes, passwords, documents.
        Otp = "otp",
        /// Asks for money.
        Transfer = "transfer",
        /// Leads to a link or program.
        Link = "link",
        /// Leads into a private chat.
        Chat = "chat",
        /// Promises money or service.
        Promise = "promise",
        /// Speaks as the agency.
        Impersonate = "impersonate",
        /// Offers something.
        Ad = "ad",
        /// Words of news and official notices.
        Report = "report",
    }
);

/// The lists, parsed.
///
/// # Panics
/// When the compiled-in file is not what it must be; a test reads it.
pub fn lexicon() -> BTreeMap<Cue, Vec<String>> {
    toml::from_str(include_str!("lexicon.toml")).expect("the compiled-in lexicon is read by a test")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_of_the_lexicon_has_words() {
        let lexicon = lexicon();
        assert!(
            Cue::ALL
                .iter()
                .all(|cue| lexicon.get(cue).is_some_and(|words| !words.is_empty()))
        );
    }
}
