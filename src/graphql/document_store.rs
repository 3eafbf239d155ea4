//! All documents that are known: each text is checked once and then kept for as long as there is room.
//!
//! A client may name a document that it has sent before by the SHA-256 of its text (automatic persisted queries). A
//! deployment may name all documents there are in a file, by any hash, and serve no others.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::document::{Document, Rules};
use super::problem::BAD_USER_INPUT;
use super::refusal::{PERSISTED_QUERY_NOT_FOUND, Refusal};
use super::schema_index::SchemaIndex;
use crate::error::{Error, Result};

/// What the documents that are kept may take up in memory, by an estimate.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// What a parsed document takes up for each byte of its text, about.
const BYTES_PER_BYTE: usize = 40;
/// What it takes up besides.
const BYTES_PER_DOCUMENT: usize = 2_000;

/// How a request says which document it means.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The text.
    pub text: Option<String>,
    /// The SHA-256 of the text, from `extensions.persistedQuery.sha256Hash`, or another name of a trusted document.
    pub hash: Option<String>,
    /// The name of a trusted document, from `documentId`.
    pub id: Option<String>,
}

/// All documents that are known.
pub struct Documents {
    rules: Rules,
    by_text: Cache<Arc<str>, Arc<Document>, ByBytes>,
    by_hash: Cache<[u8; 32], Arc<Document>, ByBytes>,
    trusted: HashMap<String, Arc<Document>>,
    trusted_texts: HashMap<String, Arc<Document>>,
    trusted_only: bool,
}

#[derive(Clone)]
struct ByBytes;

impl<K> quick_cache::Weighter<K, Arc<Document>> for ByBytes {
    fn weight(&self, _: &K, document: &Arc<Document>) -> u64 {
        u64::try_from(document.bytes * BYTES_PER_BYTE + BYTES_PER_DOCUMENT).unwrap_or(u64::MAX)
    }
}

impl Documents {
    /// Reads the trusted documents, if a file names them.
    ///
    /// # Errors
    /// When the file can't be read, or one of its documents is not valid.
    pub fn new(rules: Rules, trusted: Option<&Path>, trusted_only: bool) -> Result<Self> {
        let mut documents = Self {
            rules,
            by_text: Cache::with_weighter(1_000, CACHE_BYTES, ByBytes),
            by_hash: Cache::with_weighter(1_000, CACHE_BYTES, ByBytes),
            trusted: HashMap::new(),
            trusted_texts: HashMap::new(),
            trusted_only,
        };
        let Some(file) = trusted else {
            if trusted_only {
                let message =
                    "GRAPHQL_DOCUMENTS_ONLY is set, but GRAPHQL_DOCUMENTS is not: nothing could be executed";
                return Err(Error::internal(message));
            }
            return Ok(documents);
        };
        let named = |what: &str| Error::internal(format!("{}: {what}", file.display()));
        let content = std::fs::read(file).map_err(|error| named(&error.to_string()))?;
        let texts: HashMap<String, String> = serde_json::from_slice(&content)
            .map_err(|_| named("a JSON object of documents by their hashes is expected"))?;
        for (hash, text) in texts {
            let checked = documents.rules.check(&text).and_then(|document| {
                document.check_weights()?;
                Ok(document)
            });
            let document = checked.map_err(|refusal| {
                let first = refusal.errors.first().map(|error| error.message.as_str());
                named(&format!("{hash}: {}", first.unwrap_or_default()))
            })?;
            let document = Arc::new(document);
            documents.trusted.insert(hash, Arc::clone(&document));
            documents.trusted_texts.insert(text, document);
        }
        Ok(documents)
    }

    /// The schema that the documents are checked against.
    pub const fn shape(&self) -> &Arc<SchemaIndex> {
        &self.rules.shape
    }

    /// The document that a request means.
    ///
    /// # Errors
    /// When it is not known, not valid, or more than the limits allow.
    pub fn find(&self, wanted: Wanted) -> Result<Arc<Document>, Refusal> {
        for name in [&wanted.id, &wanted.hash].into_iter().flatten() {
            let name = name.strip_prefix("sha256:").unwrap_or(name);
            if let Some(document) = self.trusted.get(name) {
                return Ok(Arc::clone(document));
            }
        }
        if self.trusted_only {
            let known = wanted.text.and_then(|text| self.trusted_texts.get(&text));
            return known.cloned().ok_or_else(|| {
                let message = "Only the documents that this server was started with are executed.";
                Refusal::new(PERSISTED_QUERY_NOT_FOUND, message)
            });
        }
        match (wanted.text, wanted.hash) {
            (Some(text), None) => self.of_text(&text),
            (None, Some(hash)) => self.by_hash.get(&digits(&hash)?).ok_or_else(|| {
                // Clients of automatic persisted queries look for these very words.
                Refusal::new(PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
            }),
            (Some(text), Some(hash)) => {
                let hash = digits(&hash)?;
                if hash != <[u8; 32]>::from(Sha256::digest(&text)) {
                    return Err(Refusal::new(
                        BAD_USER_INPUT,
                        "The hash is not that of the document.",
                    ));
                }
                let document = self.of_text(&text)?;
                self.by_hash.insert(hash, Arc::clone(&document));
                Ok(document)
            }
            (None, None) if wanted.id.is_some() => Err(Refusal::new(
                PERSISTED_QUERY_NOT_FOUND,
                "There is no document of this name.",
            )),
            (None, None) => Err(Refusal::new(
                BAD_USER_INPUT,
                "There is no document: send \"query\".",
            )),
        }
    }

    fn of_text(&self, text: &str) -> Result<Arc<Document>, Refusal> {
        if let Some(document) = self.by_text.get(text) {
            return Ok(document);
        }
        let document = Arc::new(self.rules.check(text)?);
        self.by_text.insert(Arc::from(text), Arc::clone(&document));
        Ok(document)
    }
}

/// The bytes of a SHA-256 that is written as 64 hexadecimal digits.
fn digits(hash: &str) -> Result<[u8; 32], Refusal> {
    let mut bytes = [0; 32];
    let pairs = hash.as_bytes().chunks(2);
    if hash.len() == 64 {
        let read = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        if bytes
            .iter_mut()
            .zip(pairs)
            .all(|(byte, pair)| read(pair).map(|read| *byte = read).is_some())
        {
            return Ok(bytes);
        }
    }
    Err(Refusal::new(BAD_USER_INPUT, "A hash is 64 hexadecimal digits."))
}
