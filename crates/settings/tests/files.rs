//! Values from files.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use settings::{Secret, read_value, secret_key};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn read(text: &str, is_set: bool) -> Result<Secret, String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key");
    std::fs::write(&file, text).unwrap();
    read_value("SECRET_KEY", &file, is_set, secret_key)
}

#[test]
fn white_space_around_a_value_in_a_file_is_ignored() {
    assert_eq!(read(&format!(" {KEY}\r\n"), false).unwrap().text(), KEY);
}

#[test]
fn errors_name_the_setting_and_not_the_value() {
    let both = read(KEY, true).unwrap_err();
    assert_eq!(
        both,
        "SECRET_KEY and SECRET_KEY_FILE are both set; set one of them"
    );
    let weak = read("hunter2", false).unwrap_err();
    assert!(
        weak.starts_with("SECRET_KEY_FILE: ") && !weak.contains("hunter2"),
        "{weak}"
    );
    let missing = read_value("A", "no such file".as_ref(), false, |text| Ok(text.to_owned()));
    assert!(
        missing
            .unwrap_err()
            .starts_with("A_FILE: the file can't be read: ")
    );
}
