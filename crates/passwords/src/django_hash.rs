//! Password hashes in Django's encoding.

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Whether this is a Django hash with parameters within bounds, so that a login can't take too much memory or time. Any
/// other hash matches no password.
pub(crate) fn is_usable(encoded: &str) -> bool {
    django_source::password::is_usable(encoded)
}

/// Whether the password matches. False for a hash that is not usable.
pub(crate) fn verify(password: &str, encoded: &str) -> bool {
    if !is_usable(encoded) {
        return false;
    }
    let Some((scheme, rest)) = encoded.split_once('$') else {
        return false;
    };
    match scheme {
        "pbkdf2_sha256" => pbkdf2(password, rest, pbkdf2_hmac::<Sha256>, &mut [0; 32]),
        "pbkdf2_sha1" => pbkdf2(password, rest, pbkdf2_hmac::<Sha1>, &mut [0; 20]),
        "argon2" => argon2(password, rest),
        "bcrypt" => bcrypt::verify(password, rest).unwrap_or(false),
        // bcrypt reads at most 72 bytes, so Django hashes the password first.
        "bcrypt_sha256" => bcrypt::verify(hex(&Sha256::digest(password)), rest).unwrap_or(false),
        "scrypt" => scrypt(password, rest),
        _ => false,
    }
}

/// A rough estimate of the time to verify a hash, in nanoseconds, precise enough to compare hashes with each other.
pub(crate) fn cost(encoded: &str) -> u64 {
    let numbers = |text: &str| -> Vec<u64> {
        text.split(|letter: char| !letter.is_ascii_digit())
            .filter_map(|digits| digits.parse().ok())
            .collect()
    };
    let Some((scheme, rest)) = encoded.split_once('$') else {
        return 0;
    };
    let parts: Vec<&str> = rest.split('$').collect();
    let part = |index: usize| parts.get(index).map_or_else(Vec::new, |text| numbers(text));
    let product = |numbers: &[u64]| {
        numbers
            .iter()
            .fold(1, |all: u64, number| all.saturating_mul(*number))
    };
    match scheme {
        "pbkdf2_sha256" | "pbkdf2_sha1" => product(&part(0)).saturating_mul(500),
        "argon2" => {
            let parameters = parts.iter().find(|part| part.starts_with("m="));
            let parameters = parameters.map_or_else(Vec::new, |text| numbers(text));
            product(parameters.get(..2).unwrap_or_default()).saturating_mul(400)
        }
        "bcrypt" | "bcrypt_sha256" => {
            let cost = part(2).first().copied().unwrap_or_default().min(31);
            (1_u64 << cost).saturating_mul(60_000)
        }
        "scrypt" => [part(0), part(2), part(3)]
            .iter()
            .fold(400, |all: u64, numbers| all.saturating_mul(product(numbers))),
        _ => 0,
    }
}

/// Takes the time by which verifying `slowest` is slower than verifying `encoded`, if both use the same PBKDF2 scheme.
/// Otherwise verifies `slowest`, unless `encoded` costs as much.
pub(crate) fn spend_difference(password: &str, encoded: &str, slowest: &str) {
    let rounds = |text: &str, scheme: &str| -> Option<u32> {
        text.strip_prefix(scheme)?.split('$').next()?.parse().ok()
    };
    for scheme in ["pbkdf2_sha256$", "pbkdf2_sha1$"] {
        if let (Some(spent), Some(required)) = (rounds(encoded, scheme), rounds(slowest, scheme)) {
            let remaining = required.saturating_sub(spent);
            if remaining > 0 {
                std::hint::black_box(pbkdf2_rounds(password, scheme, remaining));
            }
            return;
        }
    }
    if cost(encoded) < cost(slowest) {
        std::hint::black_box(verify(password, slowest));
    }
}

fn pbkdf2_rounds(password: &str, scheme: &str, rounds: u32) -> [u8; 20] {
    let mut key = [0; 20];
    if scheme.starts_with("pbkdf2_sha256") {
        pbkdf2_hmac::<Sha256>(password.as_bytes(), b"salt", rounds, &mut key);
    } else {
        pbkdf2_hmac::<Sha1>(password.as_bytes(), b"salt", rounds, &mut key);
    }
    key
}

fn pbkdf2(password: &str, rest: &str, derive: fn(&[u8], &[u8], u32, &mut [u8]), key: &mut [u8]) -> bool {
    let parts: Vec<&str> = rest.split('$').collect();
    let [rounds, salt, hash] = parts.as_slice() else {
        return false;
    };
    let (Ok(rounds), Ok(hash)) = (rounds.parse(), STANDARD.decode(hash)) else {
        return false;
    };
    derive(password.as_bytes(), salt.as_bytes(), rounds, key);
    key.ct_eq(&hash).into()
}

fn argon2(password: &str, rest: &str) -> bool {
    // A hash without a version has the first version of Argon2, 16.
    let encoded = match rest.split_once('$') {
        Some((variant, rest)) if !rest.starts_with("v=") => format!("${variant}$v=16${rest}"),
        _ => format!("${rest}"),
    };
    // The parameters are taken from the hash.
    PasswordHash::new(&encoded).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

fn scrypt(password: &str, rest: &str) -> bool {
    let parts: Vec<&str> = rest.split('$').collect();
    let [work, salt, block, parallel, hash] = parts.as_slice() else {
        return false;
    };
    let (Ok(work), Ok(block), Ok(parallel), Ok(hash)) = (
        work.parse::<u64>(),
        block.parse(),
        parallel.parse(),
        STANDARD.decode(hash),
    ) else {
        return false;
    };
    let Ok(log_work) = u8::try_from(work.ilog2()) else {
        return false;
    };
    let mut key = [0; 64];
    let is_derived = scrypt::Params::new(log_work, block, parallel)
        .is_ok_and(|params| scrypt::scrypt(password.as_bytes(), salt.as_bytes(), &params, &mut key).is_ok());
    is_derived && bool::from(key.as_slice().ct_eq(&hash))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{cost, verify};

    /// Hashes of the password `correct horse`, made by Python's hashlib and by Django 5.2's hashers.
    const HASHES: &[&str] = &[
        "pbkdf2_sha256$1000$aSalt$GswL+vdu2zk0fKiZ7cLjLp8rTuekvl2sf4WNH69s1NM=",
        "pbkdf2_sha1$1000$aSalt$Jt2rnOb93e9thvlVOwnVDuxg6BY=",
        "scrypt$1024$aSalt$8$1$Nph/U0TXH+poyr+hzfTfJJLQMTc9ZFKcLVH3jRTYgoL88Ku/sxkSvtxCs5lqCqmQTwErvFNIbj67FH9G3249Mw==",
        "argon2$argon2id$v=19$m=64,t=1,p=1$YVNhbHRhU2FsdA$CTDybGreOeQmW5OpjVrRR15ADO2mlB2BI3LMcgV96Sw",
        "bcrypt_sha256$$2b$04$aIMSBZxEiBmEHUwHGADiRO2KIK/3EykpM2Sx.kVxXeDW6npvckpFW",
        "bcrypt$$2b$04$RWSgrMcBiuuqM2Tmz4OUjODm/nvtgXBDBApK/v.atiIILTroDvRhS",
    ];

    #[test]
    fn each_scheme_verifies() {
        for encoded in HASHES {
            assert!(verify("correct horse", encoded), "{encoded}");
            assert!(!verify("correct horsf", encoded), "{encoded}");
            assert!(!verify("", encoded), "{encoded}");
            assert!(cost(encoded) > 0, "{encoded}");
        }
    }

    #[test]
    fn costs_increase_with_the_parameters() {
        let pbkdf2_cost = |rounds: u32| cost(&format!("pbkdf2_sha256${rounds}$salt$hash"));
        assert!(pbkdf2_cost(1_200_000) > pbkdf2_cost(600_000));
        assert!(cost("bcrypt$$2b$13$") > cost("bcrypt_sha256$$2b$12$"));
        assert!(cost("scrypt$32768$1$8$1$") > cost("scrypt$16384$2$8$1$"));
        assert!(
            cost("argon2$argon2id$v=19$m=102400,t=2,p=8$") > cost("argon2$argon2id$v=19$m=51200,t=2,p=8$")
        );
        assert_eq!(cost("!"), 0);
    }
}
