//! The imports of each file of `src`, read from the source text.
//!
//! An import of a re-exported name counts as an import of the file that defines the item, not of the `mod.rs` that re-exports
//! it. Unit tests are excluded.

use std::collections::{BTreeMap, BTreeSet};

/// The path of a module, without `crate`.
type Module = Vec<String>;

/// For each file, the files that it imports. The paths are relative to `src`.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

struct Source {
    file: String,
    /// The imported paths, and the inline paths that start with `crate`, `super` or `self`.
    paths: Vec<String>,
    /// Re-exported names with their paths.
    exports: BTreeMap<String, String>,
}

/// Reads the imports of these files, given as paths and texts.
pub fn imports(files: &[(String, String)]) -> Imports {
    let modules: BTreeMap<Module, Source> = files
        .iter()
        .map(|(file, text)| (module_of(file), Source::read(file, text)))
        .collect();
    let edges = |(module, source): (&Module, &Source)| {
        let targets = source
            .paths
            .iter()
            .filter_map(|path| resolve(&modules, module, path, 0))
            .filter(|target| target != module && !target.is_empty())
            .map(|target| modules[&target].file.clone())
            .collect();
        (source.file.clone(), targets)
    };
    modules.iter().map(edges).collect()
}

fn module_of(file: &str) -> Module {
    let path = file.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path {
        "lib" => Module::new(),
        path => path.split('/').map(str::to_owned).collect(),
    }
}

impl Source {
    fn read(file: &str, text: &str) -> Self {
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let code: Vec<&str> = text
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default())
            .collect();
        let code = code.join(" ");
        let (mut paths, mut exports, mut rest) = (Vec::new(), BTreeMap::new(), String::new());
        for statement in code.split_inclusive(';') {
            // The text up to the next semicolon may contain attributes and other items before `use`.
            let Some((before, tree)) = statement.split_once(" use ").filter(|(_, tree)| is_use(tree)) else {
                rest.push_str(statement);
                continue;
            };
            rest.push_str(before);
            for path in expand(tree.trim_end_matches(';').trim()) {
                if before.trim_end().ends_with("pub") || before.trim_end().ends_with("pub(crate)") {
                    let name = path.rsplit("::").next().unwrap_or_default().to_owned();
                    exports.insert(name, path);
                } else {
                    paths.push(path);
                }
            }
        }
        let is_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
        let inline = rest.split(|letter| !is_path(letter)).filter(|path| {
            ["crate::", "super::", "self::"]
                .iter()
                .any(|root| path.starts_with(root))
        });
        paths.extend(inline.map(str::to_owned));
        Self {
            file: file.to_owned(),
            paths,
            exports,
        }
    }
}

/// Whether the text after `use` is a use tree rather than part of a string.
fn is_use(tree: &str) -> bool {
    tree.chars()
        .all(|letter| letter.is_alphanumeric() || " _:{},*;#".contains(letter))
}

/// The paths of a use tree: `a::b` and `a::c::d` for `a::{b, c::d}`.
fn expand(tree: &str) -> Vec<String> {
    let Some((prefix, inner)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.trim().to_owned()];
    };
    let inner = inner.trim_end().strip_suffix('}').expect("a closing brace");
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for letter in inner.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        match letter {
            ',' if depth == 0 => parts.push(String::new()),
            letter => parts.last_mut().expect("a part").push(letter),
        }
    }
    parts
        .iter()
        .filter(|part| !part.trim().is_empty())
        .flat_map(|part| expand(part.trim()))
        .map(|path| format!("{}{path}", prefix.trim()))
        .collect()
}

/// The module that defines the item named `path` within `module`; `None` for other crates.
fn resolve(modules: &BTreeMap<Module, Source>, module: &Module, path: &str, depth: usize) -> Option<Module> {
    let child = |base: &Module, name: &str| {
        let mut child = base.clone();
        child.push(name.to_owned());
        child
    };
    let mut names = path.split("::").peekable();
    let mut base = match *names.peek()? {
        "crate" => {
            names.next();
            Module::new()
        }
        "self" => {
            names.next();
            module.clone()
        }
        "super" => {
            let mut base = module.clone();
            while names.next_if_eq(&"super").is_some() {
                base.pop();
            }
            base
        }
        first if modules.contains_key(&child(module, first)) => module.clone(),
        _ => return None,
    };
    while let Some(name) = names.peek()
        && modules.contains_key(&child(&base, name))
    {
        base = child(&base, names.next()?);
    }
    // A re-export may lead to another one.
    let exported = names
        .peek()
        .and_then(|name| modules.get(&base)?.exports.get(*name));
    match exported {
        Some(path) if depth < 4 => resolve(modules, &base, path, depth + 1).or(Some(base)),
        _ => Some(base),
    }
}

#[test]
fn imports_are_read_from_trees_paths_and_re_exports() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let imports_of_files = imports(&[
        file("lib.rs", "pub mod a; pub mod b;"),
        file(
            "a.rs",
            "//! A.\nuse crate::b::{Leaf, other::{self, Thing}};\nuse std::fmt;\n",
        ),
        file("b/mod.rs", "mod leaf;\npub mod other;\npub use leaf::Leaf;\n"),
        file(
            "b/leaf.rs",
            "// use crate::a::B;\nfn f() { super::other::g(); }\n",
        ),
        file(
            "b/other.rs",
            "pub fn g() {}\n#[cfg(test)]\nmod tests { use crate::a::A; }\n",
        ),
    ]);
    let targets_of = |name: &str| {
        imports_of_files[name]
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
    };
    assert_eq!(targets_of("a.rs"), ["b/leaf.rs", "b/other.rs"]);
    assert_eq!(targets_of("b/mod.rs"), [""; 0]);
    assert_eq!(targets_of("b/leaf.rs"), ["b/other.rs"]);
    assert_eq!(targets_of("b/other.rs"), [""; 0]);
}
