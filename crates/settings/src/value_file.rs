//! Values from files, such as secrets that an orchestrator mounts.

use std::io::Read as _;
use std::path::Path;

/// Maximum number of bytes read.
const MAX_BYTES: u64 = 64 * 1024;

/// Reads the setting `name` from a file. `is_set` is whether the setting also has a value outside of the file, which is an
/// error.
///
/// # Errors
/// A message that names the setting and does not show its value.
pub fn read_value<T>(
    name: &str,
    file: &Path,
    is_set: bool,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, String> {
    if is_set {
        return Err(format!("{name} and {name}_FILE are both set; set one of them"));
    }
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
        .map_err(|error| format!("{name}_FILE: the file can't be read: {error}"))?;
    parse(text.trim()).map_err(|error| format!("{name}_FILE: the value in the file can't be used: {error}"))
}
