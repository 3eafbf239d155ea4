//! The cache of checked documents. A text is checked once, and the result is kept while the cache has room for it.
//!
//! A client can name a document that it has sent before by the SHA-256 of its text (automatic persisted queries). A
//! deployment can list trusted documents in a file, under any names, and execute no others.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use crate::document::{Document, Validator};
use crate::error::{ErrorCode, RequestError};
use crate::host::Settings;
use crate::limits::Limits;
use crate::schema::AnySchema;
use crate::schema_index::SchemaIndex;

/// Memory for the documents of one cache, in bytes, as estimated with the two constants below.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// Approximate number of bytes of memory that a parsed document takes for each byte of its text.
const BYTES_PER_BYTE: usize = 40;
/// Approximate number of bytes of memory that each parsed document takes in addition.
const BYTES_PER_DOCUMENT: usize = 2_000;

/// How a request names its document.
#[derive(Clone, Debug, Default)]
pub struct DocumentRef {
    /// The text.
    pub text: Option<String>,
    /// The SHA-256 of the text, from `extensions.persistedQuery.sha256Hash`, or the name of a trusted document.
    pub hash: Option<String>,
    /// The name of a trusted document, from `documentId`.
    pub id: Option<String>,
}

/// Why a schema can't be served.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The schema definition that async-graphql printed can't be parsed.
    #[error("the definition of the schema can't be read: {0}")]
    Schema(String),
    /// [`Settings::trusted_documents_only`] without [`Settings::trusted_documents`].
    #[error("only trusted documents may be executed, but no file of trusted documents is configured")]
    NoTrustedDocuments,
    /// The file of trusted documents can't be read, or one of them is not valid.
    #[error("{}: {reason}", file.display())]
    TrustedDocuments {
        /// The file.
        file: PathBuf,
        /// The reason.
        reason: String,
    },
}

pub(crate) struct DocumentStore {
    validator: Validator,
    limits: Limits,
    by_text: Cache<Arc<str>, Arc<Document>, WeightInBytes>,
    by_hash: Cache<[u8; 32], Arc<Document>, WeightInBytes>,
    trusted_by_name: HashMap<String, Arc<Document>>,
    trusted_by_text: HashMap<String, Arc<Document>>,
    trusted_only: bool,
}

#[derive(Clone)]
struct WeightInBytes;

impl<K> quick_cache::Weighter<K, Arc<Document>> for WeightInBytes {
    fn weight(&self, _: &K, document: &Arc<Document>) -> u64 {
        u64::try_from(document.bytes * BYTES_PER_BYTE + BYTES_PER_DOCUMENT).unwrap_or(u64::MAX)
    }
}

impl DocumentStore {
    /// Reads the file of trusted documents, if one is configured. `schema` must have the extension `ValidateOnly`.
    pub fn new(schema: Box<dyn AnySchema>, settings: &Settings) -> Result<Self, SetupError> {
        let validator = Validator::new(schema, settings.clone())
            .map_err(|error| SetupError::Schema(error.to_string()))?;
        let mut documents = Self {
            validator,
            limits: settings.limits,
            by_text: Cache::with_weighter(1_000, CACHE_BYTES, WeightInBytes),
            by_hash: Cache::with_weighter(1_000, CACHE_BYTES, WeightInBytes),
            trusted_by_name: HashMap::new(),
            trusted_by_text: HashMap::new(),
            trusted_only: settings.trusted_documents_only,
        };
        match &settings.trusted_documents {
            Some(file) => documents
                .read_trusted(file)
                .map_err(|reason| SetupError::TrustedDocuments {
                    file: file.clone(),
                    reason,
                })?,
            None if documents.trusted_only => return Err(SetupError::NoTrustedDocuments),
            None => {}
        }
        Ok(documents)
    }

    fn read_trusted(&mut self, file: &Path) -> Result<(), String> {
        let content = std::fs::read(file).map_err(|error| error.to_string())?;
        let texts: HashMap<String, String> = serde_json::from_slice(&content)
            .map_err(|_| "expected a JSON object that maps hashes to documents".to_owned())?;
        for (hash, text) in texts {
            let result = self.validator.check(&text).and_then(|document| {
                document.check_costs(&self.limits)?;
                Ok(document)
            });
            let document = result.map_err(|error| {
                let first = error.errors.first().map(|error| error.message.as_str());
                format!("{hash}: {}", first.unwrap_or_default())
            })?;
            let document = Arc::new(document);
            self.trusted_by_name.insert(hash, Arc::clone(&document));
            self.trusted_by_text.insert(text, document);
        }
        Ok(())
    }

    pub const fn index(&self) -> &Arc<SchemaIndex> {
        &self.validator.index
    }

    /// The document that a request names.
    ///
    /// # Errors
    /// When there is no such document, or it is not valid or exceeds a limit.
    pub fn find(&self, document: DocumentRef) -> Result<Arc<Document>, RequestError> {
        for name in [&document.id, &document.hash].into_iter().flatten() {
            let name = name.strip_prefix("sha256:").unwrap_or(name);
            if let Some(document) = self.trusted_by_name.get(name) {
                return Ok(Arc::clone(document));
            }
        }
        if self.trusted_only {
            let trusted = document.text.and_then(|text| self.trusted_by_text.get(&text));
            return trusted.cloned().ok_or_else(|| {
                let message = "Only the documents that this server was started with are executed.";
                RequestError::new(ErrorCode::PersistedQueryNotFound, message)
            });
        }
        match (document.text, document.hash) {
            (Some(text), None) => self.find_or_check(&text),
            (None, Some(hash)) => self.by_hash.get(&digest(&hash)?).ok_or_else(|| {
                // Clients of automatic persisted queries look for this message.
                RequestError::new(ErrorCode::PersistedQueryNotFound, "PersistedQueryNotFound")
            }),
            (Some(text), Some(hash)) => {
                let hash = digest(&hash)?;
                if hash != <[u8; 32]>::from(Sha256::digest(&text)) {
                    let message = "The hash does not match the document.";
                    return Err(RequestError::new(ErrorCode::BadUserInput, message));
                }
                let document = self.find_or_check(&text)?;
                self.by_hash.insert(hash, Arc::clone(&document));
                Ok(document)
            }
            (None, None) if document.id.is_some() => Err(RequestError::new(
                ErrorCode::PersistedQueryNotFound,
                "There is no document with this id.",
            )),
            (None, None) => Err(RequestError::new(
                ErrorCode::BadUserInput,
                "There is no document: send \"query\".",
            )),
        }
    }

    fn find_or_check(&self, text: &str) -> Result<Arc<Document>, RequestError> {
        if let Some(document) = self.by_text.get(text) {
            return Ok(document);
        }
        let document = Arc::new(self.validator.check(text)?);
        self.by_text.insert(Arc::from(text), Arc::clone(&document));
        Ok(document)
    }
}

/// Decodes a SHA-256 hash from 64 hexadecimal digits.
fn digest(hash: &str) -> Result<[u8; 32], RequestError> {
    let mut bytes = [0; 32];
    let pairs = hash.as_bytes().chunks(2);
    if hash.len() == 64 {
        let parse = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        if bytes
            .iter_mut()
            .zip(pairs)
            .all(|(byte, pair)| parse(pair).map(|value| *byte = value).is_some())
        {
            return Ok(bytes);
        }
    }
    Err(RequestError::new(
        ErrorCode::BadUserInput,
        "A hash is 64 hexadecimal digits.",
    ))
}
