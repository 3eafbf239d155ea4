//! `Passwords`: Argon2id with the parameters of OWASP's password storage cheat sheet.
//!
//! A hash takes tens of milliseconds of CPU time and 19 MiB, so hashes are computed on blocking threads, at most one for
//! each core.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::available_parallelism;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OnceCell, Semaphore};

use crate::django_hash;

/// The reason why a password could not be hashed or verified: a stored hash of this crate is malformed, or the runtime is
/// shutting down.
#[derive(Debug, thiserror::Error)]
#[error("a password could not be hashed: {0}")]
pub struct Error(String);

impl Error {
    fn new(source: impl std::fmt::Display) -> Self {
        Self(source.to_string())
    }
}

type Result<T, E = Error> = std::result::Result<T, E>;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes and verifies passwords.
pub struct Passwords {
    concurrency: Arc<Semaphore>,
    /// The slowest Django hash passed to [`record`](Self::record) so far.
    slowest: Mutex<Option<Arc<str>>>,
    /// Set once [`record_all_once`](Self::record_all_once) has succeeded.
    all_recorded: OnceCell<()>,
}

impl Passwords {
    pub fn new() -> Self {
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            concurrency: Arc::new(Semaphore::new(cores)),
            slowest: Mutex::default(),
            all_recorded: OnceCell::new(),
        }
    }

    /// The PHC string to store for a password.
    pub async fn hash(&self, password: String) -> Result<String> {
        self.on_blocking_thread(move || hash(&password)).await?
    }

    /// Records a stored hash. From then on, a failed login takes at least as long as verifying this hash.
    pub fn record(&self, stored: &str) {
        if is_own_hash(stored) || !django_hash::is_usable(stored) {
            return;
        }
        let mut slowest = self.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        let slowest_cost = slowest.as_deref().map_or(0, django_hash::cost);
        if django_hash::cost(stored) > slowest_cost {
            *slowest = Some(stored.into());
        }
    }

    /// Runs `record_all`, which should call [`record`](Self::record) with all stored hashes, unless it has succeeded before.
    ///
    /// # Errors
    /// Those of `record_all`.
    pub async fn record_all_once<E>(&self, record_all: impl AsyncFnOnce() -> Result<(), E>) -> Result<(), E> {
        self.all_recorded.get_or_try_init(|| record_all()).await.copied()
    }

    /// Whether the password matches the hash; false without a hash. Every failure takes the same time: that of verifying a
    /// hash of this crate and the slowest Django hash passed to [`record`](Self::record).
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        if let Some(stored) = &hash {
            self.record(stored);
        }
        let slowest = self
            .slowest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        self.on_blocking_thread(move || {
            let verify_slowest = || {
                if let Some(slowest) = &slowest {
                    std::hint::black_box(django_hash::verify(&password, slowest));
                }
            };
            match hash.as_deref() {
                Some(stored) if is_own_hash(stored) => {
                    let is_match = verify(&password, stored)?;
                    if !is_match {
                        verify_slowest();
                    }
                    Ok(is_match)
                }
                Some(stored) if django_hash::is_usable(stored) => {
                    let is_match = django_hash::verify(&password, stored);
                    if !is_match {
                        verify(&password, dummy_hash()?)?;
                        if let Some(slowest) = &slowest {
                            django_hash::spend_difference(&password, stored, slowest);
                        }
                    }
                    Ok(is_match)
                }
                _ => {
                    verify(&password, dummy_hash()?)?;
                    verify_slowest();
                    Ok(false)
                }
            }
        })
        .await?
    }

    async fn on_blocking_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let permit = Arc::clone(&self.concurrency)
            .acquire_owned()
            .await
            .map_err(Error::new)?;
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        task.await.map_err(Error::new)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether a stored hash was made by this crate: Argon2id, as a PHC string.
pub fn is_own_hash(stored: &str) -> bool {
    stored.starts_with("$argon2")
}

fn argon2id() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::new)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String> {
    let hash = argon2id()?
        .hash_password(password.as_bytes())
        .map_err(Error::new)?;
    Ok(hash.to_string())
}

fn verify(password: &str, hash: &str) -> Result<bool> {
    let hash = PasswordHash::new(hash).map_err(Error::new)?;
    Ok(argon2id()?.verify_password(password.as_bytes(), &hash).is_ok())
}

/// The hash to verify against if the user does not exist or has no usable hash, so that verifying takes the same time.
fn dummy_hash() -> Result<&'static str> {
    static DUMMY: OnceLock<String> = OnceLock::new();
    if let Some(hash) = DUMMY.get() {
        return Ok(hash);
    }
    let computed = hash("the password of no user")?;
    Ok(DUMMY.get_or_init(|| computed))
}
