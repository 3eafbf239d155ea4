//! Hashes of this crate, hashes of Django, and users that do not exist.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use passwords::{Passwords, is_own_hash};

const PASSWORD: &str = "correct horse";
const DJANGO_HASH: &str = "pbkdf2_sha256$1000$aSalt$GswL+vdu2zk0fKiZ7cLjLp8rTuekvl2sf4WNH69s1NM=";

async fn verify(passwords: &Passwords, password: &str, stored: Option<&str>) -> bool {
    let stored = stored.map(str::to_owned);
    passwords.verify(password.to_owned(), stored).await.unwrap()
}

#[tokio::test]
async fn only_the_right_password_is_accepted() {
    let passwords = Passwords::new();
    let own_hash = passwords.hash(PASSWORD.to_owned()).await.unwrap();
    assert!(
        is_own_hash(&own_hash) && own_hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{own_hash}"
    );
    assert!(!is_own_hash(DJANGO_HASH));
    for stored in [own_hash.as_str(), DJANGO_HASH] {
        assert!(verify(&passwords, PASSWORD, Some(stored)).await, "{stored}");
        assert!(
            !verify(&passwords, "correct horsf", Some(stored)).await,
            "{stored}"
        );
    }
    for stored in [
        None,
        Some(""),
        Some("!"),
        Some("md5$salt$0123456789abcdef0123456789abcdef"),
    ] {
        assert!(!verify(&passwords, PASSWORD, stored).await, "{stored:?}");
    }
    assert_ne!(own_hash, passwords.hash(PASSWORD.to_owned()).await.unwrap());
}

#[tokio::test]
async fn a_malformed_argon2_hash_is_an_error() {
    let passwords = Passwords::new();
    let stored = Some("$argon2id$nonsense".to_owned());
    assert!(passwords.verify(PASSWORD.to_owned(), stored).await.is_err());
}

#[tokio::test]
async fn record_all_once_runs_until_it_succeeds() {
    let passwords = Passwords::new();
    assert_eq!(
        passwords.record_all_once(async || Err("not now")).await,
        Err("not now")
    );
    assert_eq!(
        passwords.record_all_once(async || Ok::<(), &str>(())).await,
        Ok(())
    );
    assert_eq!(
        passwords.record_all_once(async || Err("never called")).await,
        Ok(())
    );
}
