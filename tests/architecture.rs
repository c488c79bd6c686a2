//! The shape of the code: who may import whom, how long a file may be, twin migrations, forbidden crates.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails loudly")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const LINES_MAX: usize = 400;
/// Files that may be longer: generated, or one table.
const LONG: [&str; 3] = ["schema.rs", "schema.gen.ts", "openapi.json"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file below a folder whose name ends so; folders of tools and of fixtures left out.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    const SKIPPED: [&str; 8] =
        ["node_modules", "target", "dist", "vectors", "snapshots", "fixtures", "data", "artifacts"];
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !SKIPPED.contains(&name.as_str()) && !name.starts_with('.') {
                folders.push(path);
            } else if path.is_file() && endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// The code of a Rust file without comments, texts and its unit tests (which stand last).
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let without_comments = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let mut bare = String::new();
    for line in without_comments {
        // Texts may say anything; what stands between two quotes is no code.
        let parts: Vec<&str> = line.split('"').collect();
        bare.extend(parts.iter().step_by(2).copied());
        bare.push('\n');
    }
    bare
}

/// Every module path of the own crate that a file names, its first segment only: `crate::app::x` → `app`.
fn own_modules(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        if let Some(group) = part.strip_prefix('{') {
            let group = group.split('}').next().unwrap_or_default();
            found.extend(group.split(',').map(|name| first_segment(name.trim())));
        } else {
            found.insert(first_segment(part));
        }
    }
    found.remove("");
    found
}

fn first_segment(path: &str) -> String {
    path.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Files of a module of the server: `routes.rs` or everything in `routes/`.
fn server_module(name: &str) -> Vec<PathBuf> {
    let folder = root().join("backend/server/src");
    let in_folder = folder.join(name);
    let single = folder.join(format!("{name}.rs"));
    files("backend/server/src", &[".rs"])
        .into_iter()
        .filter(|path| path.starts_with(&in_folder) || *path == single)
        .collect()
}

#[test]
fn the_rules_know_nothing_of_the_other_parts() {
    let outside = ["ruhu_store", "ruhu_server", "ruhu_tests", "diesel", "actix", "tokio", "reqwest", "tracing"];
    let effects = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "SystemTime",
        "Utc::now",
        "Local::now",
        "now_v7",
        "getrandom",
    ];
    for path in files("backend/domain/src", &[".rs"]) {
        let code = code(&path);
        for word in outside.iter().chain(&effects) {
            assert!(!names(&code, word), "{} names {word}", shown(&path));
        }
    }
}

#[test]
fn the_memory_knows_only_the_rules() {
    let outside = ["ruhu_server", "ruhu_tests", "actix", "std::env", "SystemTime", "Utc::now", "Local::now", "now_v7"];
    for path in files("backend/store/src", &[".rs"]) {
        let code = code(&path);
        for word in outside {
            assert!(!names(&code, word), "{} names {word}", shown(&path));
        }
    }
}

#[test]
fn inside_the_server_every_arrow_is_one_that_is_allowed() {
    // Who, which own modules they may import, which crates they must not name.
    let arrows: [(&str, &[&str], &[&str]); 7] = [
        ("routes", &["app", "extract", "openapi", "problem", "routes", "views"], &["ruhu_store", "diesel"]),
        ("extract", &["app", "config", "extract", "problem", "views"], &["ruhu_store", "diesel"]),
        (
            "middleware",
            &["app", "config", "env", "extract", "middleware", "problem", "views"],
            &["ruhu_store", "diesel"],
        ),
        ("views", &["views"], &["ruhu_store", "diesel", "actix_web"]),
        ("app", &["app", "config", "env", "views"], &["actix_web", "diesel"]),
        ("config", &["config", "env"], &["actix_web", "diesel", "ruhu_store"]),
        ("problem", &["app", "problem", "views"], &["diesel"]),
    ];
    for (module, allowed, forbidden) in arrows {
        let files = server_module(module);
        assert!(!files.is_empty(), "{module} is gone");
        for path in files {
            let code = code(&path);
            for name in own_modules(&code) {
                assert!(allowed.contains(&name.as_str()), "{} imports crate::{name}", shown(&path));
            }
            for word in forbidden {
                assert!(!names(&code, word), "{} names {word}", shown(&path));
            }
        }
    }
}

#[test]
fn only_their_own_part_reads_the_environment_the_clock_and_randomness() {
    for path in files("backend/server/src", &[".rs"]) {
        let (code, name) = (code(&path), shown(&path));
        let is = |allowed: &str| name == format!("backend/server/src/{allowed}");
        assert!(!names(&code, "diesel"), "{name} names diesel");
        assert!(
            is("env.rs") || !(names(&code, "Utc::now") || names(&code, "SystemTime") || names(&code, "getrandom::")),
            "{name} reads the clock or randomness"
        );
        let reads_environment = names(&code, "env::var") || names(&code, "env::args");
        assert!(is("main.rs") || !reads_environment, "{name} reads the environment");
    }
}

#[test]
fn what_may_crash_is_not_allowed_back_in() {
    for folder in ["backend/domain/src", "backend/store/src", "backend/server/src"] {
        for path in files(folder, &[".rs"]) {
            let name = shown(&path);
            if name.ends_with("_tests.rs")
                || name.contains("/tests")
                || name.ends_with("/properties.rs")
                || name.ends_with("/refusals.rs")
            {
                continue;
            }
            let code = code(&path);
            for word in [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "unreachable!("] {
                assert!(!code.contains(word), "{name} has {word}");
            }
            for line in code.lines().filter(|line| !line.contains("cfg_attr(test")) {
                for lint in ["unwrap_used", "expect_used", "unsafe_code", "print_stdout"] {
                    assert!(!names(line, lint), "{name} allows {lint}");
                }
            }
        }
    }
}

#[test]
fn no_file_is_longer_than_a_reader_bears() {
    let mut long = Vec::new();
    for folder in ["backend", "tests", "pwa/src"] {
        for path in files(folder, &[".rs", ".ts", ".vue"]) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            if lines > LINES_MAX && !LONG.contains(&name.as_str()) {
                long.push(format!("{} has {lines} lines", shown(&path)));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_migration_has_its_twin() {
    let (sqlite, postgres) = ruhu_store::migrate::list_names().unwrap();
    assert_eq!(sqlite, postgres);
    assert!(!sqlite.is_empty());
    let folders = |database: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(root().join("migrations").join(database)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(folders("sqlite"), folders("postgres"));
    assert_eq!(folders("sqlite"), sqlite.iter().cloned().collect(), "a folder that the program does not know");
    for database in ["sqlite", "postgres"] {
        for folder in folders(database) {
            for file in ["up.sql", "down.sql"] {
                let path = root().join("migrations").join(database).join(&folder).join(file);
                assert!(path.is_file(), "{} is missing", shown(&path));
            }
        }
    }
}

#[test]
fn the_rules_depend_on_no_database_and_no_server() {
    let tree = tree("ruhu-domain");
    for crate_name in ["diesel", "actix", "tokio", "reqwest", "ruhu-store", "ruhu-server", "tracing"] {
        assert!(!tree.iter().any(|name| name.starts_with(crate_name)), "ruhu-domain depends on {crate_name}");
    }
}

#[test]
fn the_program_depends_on_no_test_and_no_second_web_stack() {
    let tree = tree("ruhu-server");
    for crate_name in ["reqwest", "hyper", "insta", "proptest", "tempfile", "openssl", "native-tls"] {
        assert!(!tree.contains(crate_name), "ruhu-server depends on {crate_name}");
    }
}

/// Names of every crate that this one is built with.
fn tree(package: &str) -> BTreeSet<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args([
            "tree",
            "--package",
            package,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--offline",
            "--locked",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}
