//! Builds again when a migration changes.
#![allow(clippy::print_stdout, reason = "a build script talks to cargo through its output")]

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
