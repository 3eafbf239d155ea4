//! The house rules that the compiler does not check: who may name whom, and how long a file is.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The Rust files below a folder, with their paths from the project's root.
fn files(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(ROOT).join(folder), &mut found);
    assert!(!found.is_empty(), "{folder} has no files");
    found.sort();
    let named = |path: PathBuf| {
        let name = path
            .strip_prefix(ROOT)
            .expect("a path below the root")
            .display()
            .to_string();
        (name, fs::read_to_string(path).expect("a text"))
    };
    found.into_iter().map(named).collect()
}

/// The lines of a file that are code, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    text.lines()
        .enumerate()
        .filter(move |(_, line)| is_code(line))
        .map(|(index, line)| (index + 1, line))
}

/// Asserts that no file whose path begins with `room` has one of these words in its code.
#[track_caller]
fn never_names(room: &str, words: &[&str]) {
    for (name, text) in files("src").iter().filter(|(name, _)| name.starts_with(room)) {
        for (number, line) in code(text) {
            for word in words {
                assert!(!line.contains(word), "{name}:{number} names {word}");
            }
        }
    }
}

#[test]
fn the_faces_do_not_know_each_other() {
    never_names("src/rest", &["crate::graphql", "async_graphql"]);
    never_names("src/graphql", &["crate::rest"]);
}

#[test]
fn rules_know_neither_http_nor_graphql() {
    let faces = [
        "axum",
        "async_graphql",
        "hyper",
        "crate::rest",
        "crate::graphql",
        "crate::http",
        "crate::cli",
    ];
    for room in [
        "src/resolvers",
        "src/query",
        "src/stock",
        "src/resource.rs",
        "src/auth",
        "src/db_error.rs",
        "src/schema.rs",
        "src/tx.rs",
        "src/error.rs",
        "src/kind.rs",
    ] {
        never_names(room, &faces);
    }
    for room in ["src/resolvers", "src/query", "src/stock"] {
        never_names(room, &["serde_json"]);
    }
    // Webhooks are sent by HTTP, but nobody's request comes to them.
    never_names(
        "src/webhooks",
        &[
            "axum",
            "async_graphql",
            "crate::rest",
            "crate::graphql",
            "crate::http",
            "crate::cli",
        ],
    );
}

#[test]
fn one_room_asks_which_database_it_is() {
    for (name, text) in files("src") {
        if name == "src/tx.rs" {
            continue;
        }
        for (number, line) in code(&text) {
            assert!(!line.contains("DbBackend"), "{name}:{number}");
        }
    }
}

#[test]
fn files_are_short() {
    for folder in ["src", "crates", "entity/src", "migration/src", "tests/it"] {
        for (name, text) in files(folder) {
            let lines = text.lines().count();
            assert!(lines <= 400, "{name} has {lines} lines");
        }
    }
}

#[test]
fn files_say_what_lives_there() {
    for folder in ["src", "crates", "entity/src", "migration/src", "tests/it"] {
        for (name, text) in files(folder) {
            assert!(
                text.starts_with("//!") || text.starts_with("#!/"),
                "{name} begins with {:?}",
                text.lines().next()
            );
        }
    }
}

#[test]
fn every_file_of_tests_is_compiled() {
    for (name, text) in files("tests/it") {
        let (folder, file) = name.rsplit_once('/').expect("a folder");
        let module = file.trim_end_matches(".rs");
        if module != "main" && module != "mod" {
            let parent = fs::read_to_string(Path::new(ROOT).join(folder).join("mod.rs")).expect("a text");
            assert!(
                parent.contains(&format!("mod {module};\n")),
                "{name} is not in mod.rs"
            );
        }
        // The compiler reports a test that no list names as dead code; this reports one that is ignored.
        assert!(
            !code(&text).any(|(_, line)| line.trim() == concat!("#[", "ignore]")),
            "{name}"
        );
    }
}
