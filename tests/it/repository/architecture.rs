//! Rules of the source text that the compiler does not check: layers, circles of imports, and the size of files and
//! folders.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::imports::imports;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The folders with Rust files.
const FOLDERS: [&str; 6] = [
    "src",
    "crates",
    "entity/src",
    "migration/src",
    "bench/ceiling",
    "tests/it",
];

/// The Rust files below a folder, with their paths relative to the repository.
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
    let with_name = |path: PathBuf| {
        let name = path
            .strip_prefix(ROOT)
            .expect("a path below the root")
            .display()
            .to_string();
        (name, fs::read_to_string(path).expect("a text"))
    };
    found.into_iter().map(with_name).collect()
}

/// The lines of code of a file, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    text.lines()
        .enumerate()
        .filter(move |(_, line)| is_code(line))
        .map(|(index, line)| (index + 1, line))
}

/// The layers of `src`, the lowest first. A file imports from its own layer and from lower ones. The longest matching
/// path decides: a file listed here is in its own layer, not in that of its folder.
const LAYERS: &[&[&str]] = &[
    // Plain types, migrations of the schema, and rules without dependencies.
    &[
        "clock.rs",
        "kind.rs",
        "error.rs",
        "db_error.rs",
        "schema.rs",
        "stock/low_stock.rs",
        "stock/new_movement.rs",
    ],
    &["config.rs", "config"],
    // Fields of `Services`.
    &[
        "telemetry",
        "limits",
        "auth/permission.rs",
        "auth/actor.rs",
        "auth/accounts.rs",
        "idempotency/key.rs",
        "idempotency/keyed_request.rs",
        "stock/ledger_tail.rs",
        "stock/movement_queue.rs",
        "webhooks/backlog.rs",
    ],
    &["services.rs"],
    // Requests and permissions.
    &["ctx.rs"],
    &["tx.rs", "auth", "limits/check.rs", "idempotency"],
    &["query", "resource.rs", "auth/permit.rs"],
    // The inventory.
    &["webhooks/outbox.rs", "webhooks/disable.rs", "webhooks/target.rs"],
    &["stock"],
    &["resolvers"],
    &["import"],
    &["copy.rs"],
    // Background work.
    &["webhooks", "background.rs"],
    // HTTP and the two APIs.
    &["origin.rs", "http"],
    &["rest", "graphql"],
    &["server"],
    // The program.
    &["app.rs"],
    &["cli"],
    &["lib.rs", "main.rs"],
];

/// Crates and modules that files below a path must not name.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "rest",
        &[
            "async_graphql",
            "graphql_server",
            "graphql_tables",
            "crate::graphql",
        ],
    ),
    ("graphql", &["crate::rest"]),
    (
        "resolvers",
        &["axum", "hyper", "http_server", "async_graphql", "serde_json"],
    ),
    (
        "query",
        &["axum", "hyper", "http_server", "async_graphql", "serde_json"],
    ),
    (
        "stock",
        &["axum", "hyper", "http_server", "async_graphql", "serde_json"],
    ),
    ("auth", &["axum", "hyper", "http_server", "async_graphql"]),
    ("limits", &["axum", "hyper", "http_server", "async_graphql"]),
    ("webhooks", &["axum", "http_server", "async_graphql"]),
    ("error.rs", &["sea_orm", "tracing", "axum", "async_graphql"]),
    ("services.rs", &["axum", "async_graphql"]),
    ("ctx.rs", &["axum", "async_graphql"]),
    ("tx.rs", &["axum", "async_graphql"]),
    ("idempotency", &["axum", "hyper", "async_graphql"]),
    ("resource.rs", &["axum", "async_graphql"]),
];

/// The files of `src`, with their paths in it.
fn sources() -> Vec<(String, String)> {
    let relative = |(name, text): (String, String)| (name["src/".len()..].to_owned(), text);
    files("src").into_iter().map(relative).collect()
}

/// Whether a file has this path or is in this folder.
fn is_within(file: &str, path: &str) -> bool {
    file == path || file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
}

fn layer(file: &str) -> usize {
    let matching = |(index, paths): (usize, &&[&str])| {
        let longest = paths
            .iter()
            .filter(|path| is_within(file, path))
            .map(|path| path.len());
        longest.max().map(|length| (length, index))
    };
    let found = LAYERS.iter().enumerate().filter_map(matching).max();
    found.unwrap_or_else(|| panic!("{file} is in no layer")).1
}

#[test]
fn files_import_from_their_own_layer_and_lower_ones() {
    for (file, targets) in imports(&sources()) {
        for target in targets {
            assert!(
                layer(&target) <= layer(&file),
                "{file} imports {target}, which is above it"
            );
        }
    }
}

#[test]
fn imports_have_no_circles_except_pairs_in_one_folder() {
    let mut graph = imports(&sources());
    let mut pairs = Vec::new();
    for (file, targets) in &graph {
        for target in targets.iter().filter(|target| *target > file) {
            if graph[target].contains(file) {
                pairs.push((file.clone(), target.clone()));
            }
        }
    }
    let mut paired = BTreeSet::new();
    for (one, other) in pairs {
        assert_eq!(
            folder(&one),
            folder(&other),
            "{one} and {other} import each other"
        );
        for file in [&one, &other] {
            assert!(paired.insert(file.clone()), "{file} is in two circles");
        }
        graph.get_mut(&one).expect("a file").remove(&other);
        graph.get_mut(&other).expect("a file").remove(&one);
    }
    // Files without remaining imports are in no circle; nor are files that no remaining file imports.
    loop {
        let before = graph.len();
        let remaining: BTreeSet<String> = graph.keys().cloned().collect();
        graph.retain(|_, targets| targets.iter().any(|target| remaining.contains(target)));
        let imported: BTreeSet<String> = graph.values().flatten().cloned().collect();
        graph.retain(|file, _| imported.contains(file));
        if graph.len() == before {
            break;
        }
    }
    assert!(
        graph.is_empty(),
        "import each other in circles: {:?}",
        graph.keys()
    );
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[test]
fn files_name_only_the_crates_of_their_layer() {
    for (file, text) in sources() {
        for (_, words) in FORBIDDEN.iter().filter(|(path, _)| is_within(&file, path)) {
            for (number, line) in code(&text) {
                for word in *words {
                    assert!(!line.contains(word), "src/{file}:{number} names {word}");
                }
            }
        }
    }
}

#[test]
fn only_the_database_crate_reads_the_backend() {
    for (file, text) in sources() {
        // `Tx` implements SeaORM's connection trait, which returns the backend.
        if file != "tx.rs" {
            for (number, line) in code(&text) {
                assert!(!line.contains("DbBackend"), "src/{file}:{number}");
            }
        }
    }
}

#[test]
fn folders_have_at_most_20_files() {
    let mut sizes = BTreeMap::<String, usize>::new();
    for (file, _) in sources() {
        *sizes.entry(folder(&file).to_owned()).or_default() += 1;
    }
    for (folder, size) in sizes {
        assert!(size <= 20, "src/{folder} has {size} files");
    }
}

#[test]
fn files_have_at_most_400_lines() {
    for folder in FOLDERS {
        for (name, text) in files(folder) {
            let lines = text.lines().count();
            assert!(lines <= 400, "{name} has {lines} lines");
        }
    }
}

#[test]
fn files_begin_with_a_comment() {
    for folder in FOLDERS {
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
        // The compiler reports unlisted tests as dead code; this test reports ignored ones.
        assert!(
            !code(&text).any(|(_, line)| line.trim() == concat!("#[", "ignore]")),
            "{name}"
        );
    }
}
