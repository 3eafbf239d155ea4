//! Passwords: Argon2id with 19 MiB, two passes and one lane, as the OWASP password storage cheat sheet has it, off the
//! async threads and a few at a time.

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

/// Hashes and checks passwords, as many at once as there are cores.
pub struct Passwords {
    places: Arc<Semaphore>,
}

impl Passwords {
    /// One for the program.
    pub fn new() -> Self {
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            places: Arc::new(Semaphore::new(cores)),
        }
    }

    /// The PHC string to keep of a password.
    pub async fn hash(&self, password: String) -> Result<String> {
        self.off_the_async_threads(move || hash(&password)).await?
    }

    /// Whether this is the password; without a hash, `false`, after just as long.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.off_the_async_threads(move || match hash {
            Some(kept) => verify(&password, &kept),
            None => verify(&password, dummy_hash()?).map(|_| false),
        })
        .await?
    }

    async fn off_the_async_threads<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        let working = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        working.await.map_err(Error::internal)
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

fn verify(password: &str, kept: &str) -> Result<bool> {
    let kept = PasswordHash::new(kept).map_err(|error| Error::internal(error.to_string()))?;
    Ok(argon2id()?.verify_password(password.as_bytes(), &kept).is_ok())
}

/// The hash of nobody's password, for names that nobody has.
fn dummy_hash() -> Result<&'static str> {
    static DUMMY: OnceLock<String> = OnceLock::new();
    if let Some(kept) = DUMMY.get() {
        return Ok(kept);
    }
    let made = hash("nobody's password")?;
    Ok(DUMMY.get_or_init(|| made))
}
