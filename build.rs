//! Builds the pages in `web/` with npm and lists their files for `src/http/pages.rs` to embed.
//!
//! The program compiles without Node: if npm is missing or fails, only `web/static` is embedded, a warning states the
//! reason, and a placeholder page explains how to build the pages. `STOCKROOM_SKIP_WEB=1` skips the build;
//! `STOCKROOM_WEB_DIST=dir` embeds pages that were built elsewhere, for images without Node.
//!
//! The source tree is not changed. The pages are built in `target/web/work` and kept in
//! `target/web/<hash of the sources>`, which all profiles and commands share.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::fmt::Write;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Files by their paths relative to a folder, with `/` on every system.
type Files = BTreeMap<String, PathBuf>;

/// The files and folders in `web/` that the built pages depend on.
const SOURCES: [&str; 8] = [
    ".npmrc",
    "package.json",
    "package-lock.json",
    "vite.config.js",
    "graphiql.html",
    "docs.html",
    "src",
    "static",
];

/// The files that determine the installed packages.
const PACKAGES: [&str; 3] = [".npmrc", "package.json", "package-lock.json"];

fn main() -> Result<()> {
    let web = folder_in("CARGO_MANIFEST_DIR")?.join("web");
    let out = folder_in("OUT_DIR")?;
    println!("cargo:rerun-if-changed=build.rs");
    for source in SOURCES {
        println!("cargo:rerun-if-changed=web/{source}");
    }
    for variable in ["STOCKROOM_SKIP_WEB", "STOCKROOM_WEB_DIST"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }

    let mut files = Files::new();
    if let Some(dist) = env::var_os("STOCKROOM_WEB_DIST") {
        println!("cargo:rerun-if-changed={}", Path::new(&dist).display());
        files = files_below(Path::new(&dist))?;
    } else if env::var_os("STOCKROOM_SKIP_WEB").is_none_or(|skip| skip.is_empty() || skip == "0") {
        match built_pages(&web, &out) {
            Ok(dist) => files = files_below(&dist)?,
            Err(reason) => {
                // Build again if `PATH` changes, because npm might be found then.
                println!("cargo:rerun-if-env-changed=PATH");
                println!("cargo:warning=GraphiQL and /docs are not built: {reason}");
            }
        }
    }
    for (name, path) in files_below(&web.join("static"))? {
        files.insert(format!("static/{name}"), path);
    }
    fs::write(out.join("pages.rs"), list_of_files(&files)?)?;
    Ok(())
}

fn folder_in(variable: &str) -> Result<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .ok_or_else(|| format!("{variable} is not set").into())
}

/// Returns the folder with the built pages; builds them unless these sources were built before.
fn built_pages(web: &Path, out: &Path) -> Result<PathBuf> {
    let builds = target(out).join("web");
    fs::create_dir_all(&builds)?;
    let mut sources = Files::new();
    for name in SOURCES {
        let path = web.join(name);
        if path.is_dir() {
            sources.extend(
                files_below(&path)?
                    .into_iter()
                    .map(|(inner, path)| (format!("{name}/{inner}"), path)),
            );
        } else {
            sources.insert(name.to_owned(), path);
        }
    }
    let dist = builds.join(fingerprint(&sources)?);

    // Concurrent cargo commands wait for the first one to build the pages.
    let lock = File::create(builds.join("lock"))?;
    lock.lock()?;
    if !dist.is_dir() {
        build(&builds.join("work"), &sources, &dist)?;
    }
    Ok(dist)
}

/// Cargo's target folder, which has a `CACHEDIR.TAG`; `out` if there is none.
fn target(out: &Path) -> &Path {
    out.ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .unwrap_or(out)
}

/// Copies the sources to `work`, installs the packages if they have changed, and builds the pages. `dist` is created only
/// after the build has succeeded.
fn build(work: &Path, sources: &Files, dist: &Path) -> Result<()> {
    npm(Path::new("."), &["--version"])?;
    for stale in ["src", "static", "dist"] {
        match fs::remove_dir_all(work.join(stale)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    for (name, path) in sources {
        let copy = work.join(name);
        fs::create_dir_all(copy.parent().unwrap_or(work))?;
        fs::copy(path, copy)?;
    }

    let mut packages = sources.clone();
    packages.retain(|name, _| PACKAGES.contains(&name.as_str()));
    let required = fingerprint(&packages)?;
    let installed = work.join("node_modules/.installed");
    if fs::read_to_string(&installed).ok().as_ref() != Some(&required) {
        // Fail soon without a network: npm's default timeout is five minutes for each attempt.
        npm(
            work,
            &[
                "ci",
                "--omit=dev",
                "--prefer-offline",
                "--fetch-retries=1",
                "--fetch-timeout=60000",
            ],
        )?;
        fs::write(&installed, &required)?;
    }
    npm(work, &["run", "build"])?;
    fs::rename(work.join("dist"), dist)?;
    Ok(())
}

/// Runs npm; the error contains the first lines of its error output.
fn npm(folder: &Path, arguments: &[&str]) -> Result<()> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "npm is not installed".to_owned(),
            _ => format!("npm does not start: {error}"),
        })?;
    if output.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let mut reason = format!("`npm {}` failed", arguments.join(" "));
    for line in errors
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(6)
    {
        write!(reason, " | {line}")?;
    }
    Err(reason.into())
}

/// All files below a folder.
fn files_below(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            files.extend(
                files_below(&path)?
                    .into_iter()
                    .map(|(inner, path)| (format!("{name}/{inner}"), path)),
            );
        } else {
            files.insert(name, path);
        }
    }
    Ok(files)
}

/// A hash of the names and contents of files.
fn fingerprint(files: &Files) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for (name, path) in files {
        name.hash(&mut hasher);
        fs::read(path)?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn absolute(path: &Path) -> Result<String> {
    Ok(path.canonicalize()?.to_string_lossy().into_owned())
}

/// The expression that `src/http/pages.rs` includes: one `File` for each file, ordered by name.
fn list_of_files(files: &Files) -> Result<String> {
    let mut code = String::from("&[\n");
    for (name, path) in files
        .iter()
        .filter(|(_, path)| path.extension() != Some(OsStr::new("br")))
    {
        let tag = fingerprint(&Files::from([(name.clone(), path.clone())]))?;
        let brotli = match files.get(&format!("{name}.br")) {
            Some(path) => format!("Some(include_bytes!({:?}))", absolute(path)?),
            None => "None".to_owned(),
        };
        let body = absolute(path)?;
        let tag = format!("W/\"{tag}\"");
        writeln!(
            code,
            "    File {{ name: {name:?}, tag: {tag:?}, body: include_bytes!({body:?}), brotli: {brotli} }},"
        )?;
    }
    code.push_str("]\n");
    Ok(code)
}
