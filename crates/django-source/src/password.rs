//! Checks which of Django's password hashes can be used to log in.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// The maximum number of rounds of PBKDF2. With more, one login would keep a core busy for a minute.
const MAX_ROUNDS: u32 = 10_000_000;
/// The maximum memory of Argon2, in KiB. Django uses 100 MiB.
const MAX_KIB: u32 = 256 * 1024;

/// Whether an encoded hash is well-formed and its scheme is strong enough: `pbkdf2_sha256`, `pbkdf2_sha1`, `argon2`,
/// `bcrypt_sha256`, `bcrypt`, `scrypt`.
pub fn is_usable(encoded: &str) -> bool {
    let Some((scheme, rest)) = encoded.split_once('$') else {
        return false;
    };
    if encoded.len() > 512 || !encoded.is_ascii() {
        return false;
    }
    match scheme {
        "pbkdf2_sha256" => pbkdf2(rest, 32),
        "pbkdf2_sha1" => pbkdf2(rest, 20),
        "argon2" => argon2(rest),
        "bcrypt_sha256" | "bcrypt" => bcrypt(rest),
        "scrypt" => scrypt(rest),
        _ => false,
    }
}

fn pbkdf2(rest: &str, length: usize) -> bool {
    let parts: Vec<&str> = rest.split('$').collect();
    let [rounds, salt, hash] = parts.as_slice() else {
        return false;
    };
    let is_allowed = rounds
        .parse::<u32>()
        .is_ok_and(|rounds| (1..=MAX_ROUNDS).contains(&rounds));
    is_allowed && !salt.is_empty() && STANDARD.decode(hash).is_ok_and(|bytes| bytes.len() == length)
}

fn argon2(rest: &str) -> bool {
    let parts: Vec<&str> = rest.split('$').collect();
    let (variant, parameters, salt, hash) = match parts.as_slice() {
        [variant, version, parameters, salt, hash] if version.starts_with("v=") => {
            (variant, parameters, salt, hash)
        }
        // Version 1.0 of the format has no version field.
        [variant, parameters, salt, hash] => (variant, parameters, salt, hash),
        _ => return false,
    };
    let number = |name: char, max: u32| {
        let value = parameters
            .split(',')
            .find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse::<u32>().ok());
        value.is_some_and(|number| (1..=max).contains(&number))
    };
    let decodes = |text: &str, shortest: usize| {
        STANDARD_NO_PAD
            .decode(text)
            .is_ok_and(|bytes| bytes.len() >= shortest)
    };
    matches!(*variant, "argon2i" | "argon2d" | "argon2id")
        && number('m', MAX_KIB)
        && number('t', 16)
        && number('p', 16)
        && decodes(salt, 8)
        && decodes(hash, 4)
}

fn bcrypt(rest: &str) -> bool {
    let parts: Vec<&str> = rest.split('$').collect();
    let ["", version, cost, hash] = parts.as_slice() else {
        return false;
    };
    let is_bcrypt_base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/';
    matches!(*version, "2a" | "2b" | "2x" | "2y")
        && cost.len() == 2
        && cost.parse::<u32>().is_ok_and(|cost| (4..=17).contains(&cost))
        && hash.len() == 53
        && hash.bytes().all(is_bcrypt_base64)
}

fn scrypt(rest: &str) -> bool {
    let parts: Vec<&str> = rest.split('$').collect();
    let [work, salt, block, parallel, hash] = parts.as_slice() else {
        return false;
    };
    let (Ok(work), Ok(block), Ok(parallel)) =
        (work.parse::<u64>(), block.parse::<u64>(), parallel.parse::<u64>())
    else {
        return false;
    };
    // Scrypt takes 128 × work × block bytes. Django's limit is 64 MiB.
    let memory = work.saturating_mul(block).saturating_mul(128);
    work.is_power_of_two()
        && work > 1
        && (1..=16).contains(&parallel)
        && (1..=256 << 20).contains(&memory)
        && !salt.is_empty()
        && STANDARD.decode(hash).is_ok_and(|bytes| bytes.len() == 64)
}

#[cfg(test)]
mod tests {
    use super::is_usable;

    #[test]
    fn only_well_formed_hashes_of_strong_schemes_are_usable() {
        let key = "A".repeat(43) + "=";
        for encoded in [
            format!("pbkdf2_sha256$720000$salt${key}"),
            format!("pbkdf2_sha1$1$salt${}=", "A".repeat(27)),
            format!("scrypt$16384$salt$8$1${}==", "A".repeat(86)),
            "bcrypt_sha256$$2b$12$".to_owned() + &"a".repeat(53),
            "bcrypt$$2b$12$".to_owned() + &"a".repeat(53),
            "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$AAAAAAAA".to_owned(),
            "argon2$argon2i$m=512,t=2,p=2$c2FsdHNhbHQ$AAAAAAAA".to_owned(),
        ] {
            assert!(is_usable(&encoded), "{encoded}");
        }
        for encoded in [
            String::new(),
            "!uB3nQx7LmT0vKc9RzYw2PdHs5JfGa8Ee1XoViN46".to_owned(),
            "md5$salt$0123456789abcdef0123456789abcdef".to_owned(),
            "sha1$salt$0123456789abcdef0123456789abcdef01234567".to_owned(),
            "0123456789abcdef0123456789abcdef".to_owned(),
            "pbkdf2_sha256$720000$x".to_owned(),
            format!("pbkdf2_sha256$0$salt${key}"),
            format!("pbkdf2_sha256$4000000000$salt${key}"),
            format!("pbkdf2_sha256$720000$salt${}", &key[1..]),
            "scrypt$16384$salt$8$1$AAAA".to_owned(),
            "argon2$argon2id$v=19$m=4194304,t=2,p=8$c2FsdHNhbHQ$AAAAAAAA".to_owned(),
            "bcrypt$$2b$31$".to_owned() + &"a".repeat(53),
        ] {
            assert!(!is_usable(&encoded), "{encoded}");
        }
    }
}
