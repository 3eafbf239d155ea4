//! Passwords: Argon2id with the parameters of OWASP's password storage cheat sheet.
//!
//! A hash takes tens of milliseconds of CPU time and 19 MiB, so hashes are computed on blocking threads, at most one for
//! each core.

use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes and verifies passwords.
pub struct Passwords {
    concurrency: Arc<Semaphore>,
}

impl Passwords {
    pub fn new() -> Self {
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            concurrency: Arc::new(Semaphore::new(cores)),
        }
    }

    /// The PHC string to store for a password.
    pub async fn hash(&self, password: String) -> Result<String> {
        self.on_blocking_thread(move || hash(&password)).await?
    }

    /// Whether the password matches the hash. Without a hash the result is `false` after the same time, so that a client
    /// can't find out which user names exist.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.on_blocking_thread(move || match hash {
            Some(hash) => verify(&password, &hash),
            None => verify(&password, dummy_hash()?).map(|_| false),
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
            .map_err(Error::internal)?;
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        task.await.map_err(Error::internal)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

fn argon2id() -> Result<Argon2<'static>> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String> {
    let hash = argon2id()?
        .hash_password(password.as_bytes())
        .map_err(|error| Error::internal(error.to_string()))?;
    Ok(hash.to_string())
}

fn verify(password: &str, hash: &str) -> Result<bool> {
    let hash = PasswordHash::new(hash).map_err(|error| Error::internal(error.to_string()))?;
    Ok(argon2id()?.verify_password(password.as_bytes(), &hash).is_ok())
}

/// The hash to verify against when there is no such user.
fn dummy_hash() -> Result<&'static str> {
    static DUMMY: OnceLock<String> = OnceLock::new();
    if let Some(hash) = DUMMY.get() {
        return Ok(hash);
    }
    let computed = hash("the password of no user")?;
    Ok(DUMMY.get_or_init(|| computed))
}
