//! Builds the app (`pwa/`) with npm and puts its files where `src/routes/pwa.rs` embeds them from.
//!
//! npm runs only when a source of the app changed since the last time; a change of Rust code costs nothing here.
//! `RUHU_PWA_DIST` names a folder with a ready build; `RUHU_SKIP_PWA=1` leaves the app out.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// What the app's build depends on, inside `pwa/`.
const SOURCES: [&str; 7] =
    ["src", "public", "index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json"];
const NO_NPM: &str = "building the app needs Node.js 20.19 or later with npm; install it, or set RUHU_SKIP_PWA=1 \
    to build the API alone, or RUHU_PWA_DIST=FOLDER to embed a ready build";

fn main() {
    if let Err(sentence) = build() {
        // Cargo shows this one line and stops; there is no panic and no backtrace.
        println!("cargo::error={sentence}");
    }
}

fn build() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=RUHU_SKIP_PWA");
    println!("cargo::rerun-if-env-changed=RUHU_PWA_DIST");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(|error| error.to_string())?);
    let target = out.join("pwa");
    let stamp_file = out.join("pwa.stamp");
    let failed = |what: &str, error: io::Error| format!("the app's files cannot be {what}: {error}");
    if let Ok(dist) = env::var("RUHU_PWA_DIST") {
        println!("cargo::rerun-if-changed={dist}");
        if !Path::new(&dist).join("index.html").is_file() {
            return Err(format!("RUHU_PWA_DIST={dist} holds no index.html"));
        }
        forget(&stamp_file);
        return copy_anew(Path::new(&dist), &target).map_err(|error| failed("copied", error));
    }
    if env::var("RUHU_SKIP_PWA").is_ok_and(|value| value == "1") {
        forget(&stamp_file);
        return empty(&target).map_err(|error| failed("cleared", error));
    }
    let pwa = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pwa");
    SOURCES.iter().for_each(|source| println!("cargo::rerun-if-changed={}", pwa.join(source).display()));
    let stamp = stamp_of(&pwa).map_err(|error| failed("read", error))?;
    if target.join("index.html").is_file() && fs::read_to_string(&stamp_file).is_ok_and(|known| known == stamp) {
        return Ok(());
    }
    if is_install_stale(&pwa) {
        npm(&pwa, &["ci", "--no-audit", "--no-fund"])?;
    }
    npm(&pwa, &["run", "build"])?;
    copy_anew(&pwa.join("dist"), &target).map_err(|error| failed("copied", error))?;
    fs::write(stamp_file, stamp).map_err(|error| failed("stamped", error))
}

/// What lies in the target is not this checkout's build any more. A stamp that was never there is no error.
fn forget(stamp_file: &Path) {
    let _ = fs::remove_file(stamp_file);
}

/// A hash over names and contents of all sources.
fn stamp_of(pwa: &Path) -> io::Result<String> {
    let mut files = BTreeSet::new();
    for source in SOURCES {
        list(&pwa.join(source), &mut files)?;
    }
    let mut hasher = DefaultHasher::new();
    for file in files {
        hasher.write(file.to_string_lossy().as_bytes());
        hasher.write(&fs::read(&file)?);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn list(path: &Path, files: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            list(&entry?.path(), files)?;
        }
    } else if path.is_file() {
        files.insert(path.to_owned());
    }
    Ok(())
}

/// Whether the packages are missing or older than the lock file.
fn is_install_stale(pwa: &Path) -> bool {
    let changed = |path: &str| fs::metadata(pwa.join(path)).and_then(|meta| meta.modified()).ok();
    match (changed("node_modules/.package-lock.json"), changed("package-lock.json")) {
        (Some(installed), Some(locked)) => installed < locked,
        _ => true,
    }
}

fn npm(pwa: &Path, arguments: &[&str]) -> Result<(), String> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(program).args(arguments).current_dir(pwa).output().map_err(|_| NO_NPM.to_owned())?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    for line in lines.iter().skip(lines.len().saturating_sub(25)) {
        println!("cargo::warning={line}");
    }
    Err(format!("`npm {}` failed in pwa/; its last lines stand above", arguments.join(" ")))
}

fn empty(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)
}

fn copy_anew(from: &Path, to: &Path) -> io::Result<()> {
    empty(to)?;
    copy(from, to)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
