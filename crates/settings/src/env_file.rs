//! `.env`: lines of `NAME=VALUE`.
//!
//! Values are literal, except that white space around them is removed: nothing is expanded, unquoted or cut off at a `#`,
//! because Django's keys contain quotes, `$` and `#`.

use std::collections::HashMap;
use std::io::{ErrorKind, Read as _};

/// Maximum number of bytes read.
const MAX_BYTES: u64 = 1024 * 1024;

/// The variables of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvFile(HashMap<String, String>);

impl EnvFile {
    /// Reads `.env` from the working directory, or from the nearest directory above it that has the file.
    ///
    /// # Errors
    /// A message with the number of the line. It does not quote the line, which can contain a secret.
    pub fn read() -> Result<Self, String> {
        let unreadable = |error: std::io::Error| format!(".env can't be read: {error}");
        let directory = std::env::current_dir().map_err(unreadable)?;
        for directory in directory.ancestors() {
            let file = match std::fs::File::open(directory.join(".env")) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(unreadable(error)),
            };
            let mut bytes = Vec::new();
            file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(unreadable)?;
            return Self::parse(&bytes);
        }
        Ok(Self::default())
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| ".env is not in UTF-8".to_owned())?;
        let mut variables = HashMap::new();
        let lines = text.trim_start_matches('\u{feff}').lines();
        for (number, line) in (1..).zip(lines.map(str::trim)) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let line = line.strip_prefix("export ").unwrap_or(line);
            let Some((name, value)) = line.split_once('=').filter(|(name, _)| is_name(name.trim())) else {
                return Err(format!(
                    ".env, line {number}: it must be NAME=VALUE or begin with #"
                ));
            };
            variables.insert(name.trim().to_owned(), value.trim().to_owned());
        }
        Ok(Self(variables))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::EnvFile;

    #[test]
    fn values_are_literal() {
        let text = "\u{feff}# a comment\r\n\r\nA=1\r\n B = x y \nexport C='q'\nD=#$a${b}\\n\"=#x\nE=\nA=2";
        let file = EnvFile::parse(text.as_bytes()).expect("readable");
        for (name, value) in [
            ("A", "2"),
            ("B", "x y"),
            ("C", "'q'"),
            ("D", "#$a${b}\\n\"=#x"),
            ("E", ""),
        ] {
            assert_eq!(file.get(name), Some(value), "{name}");
        }
        assert_eq!(file.get("F"), None);
    }

    #[test]
    fn errors_have_the_line_number_and_do_not_quote_the_line() {
        for text in ["A=1\nhunter2", "A=1\n=hunter2", "A=1\nhun ter2=3"] {
            let message = EnvFile::parse(text.as_bytes()).expect_err("unreadable");
            assert_eq!(message, ".env, line 2: it must be NAME=VALUE or begin with #");
        }
        assert!(EnvFile::parse(b"A=\xff").is_err());
    }
}
