//! A key that is generated at the first start and kept in a file.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use crate::secret::{SECRET_KEY_BYTES, Secret};

/// Reads the secret in a file, or generates one and creates the file, which only its owner can read.
///
/// # Errors
/// When the file can't be read or created, or has less than [`SECRET_KEY_BYTES`].
pub fn read_or_create_secret(file: &Path) -> io::Result<Secret> {
    match fs::read_to_string(file) {
        Ok(text) if text.trim().len() >= SECRET_KEY_BYTES => Ok(Secret::new(text.trim())),
        Ok(_) => {
            let message = format!("{} holds less than {SECRET_KEY_BYTES} bytes", file.display());
            Err(io::Error::new(io::ErrorKind::InvalidData, message))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut created = match options.open(file) {
                Ok(created) => created,
                // Another process has created the file in the meantime: use its secret.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return read_or_create_secret(file);
                }
                Err(error) => return Err(error),
            };
            created.write_all(secret.as_bytes())?;
            created.sync_all()?;
            Ok(Secret::new(secret))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_created_once() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key");
        let created = read_or_create_secret(&file).unwrap();
        assert_eq!(created.bytes().len(), 64);
        assert_eq!(read_or_create_secret(&file).unwrap(), created);
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(&file, "short").unwrap();
        let error = read_or_create_secret(&file).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
