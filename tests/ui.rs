//! Code that must not compile, and the compiler's messages for it.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes the messages again; they are reviewed like code.

/// Compiler whose messages are stored; other versions differ in details.
const TOOLCHAIN: &str = "rustc 1.95.";

#[test]
fn misuse_is_reported_with_stored_messages() {
    let version = std::process::Command::new("rustc")
        .arg("--version")
        .output();
    let version = version.map(|out| String::from_utf8_lossy(&out.stdout).into_owned());
    match version {
        Ok(version) if version.starts_with(TOOLCHAIN) => {
            trybuild::TestCases::new().compile_fail("ui/*.rs");
        }
        Ok(version) => println!("skipped: {} is not {TOOLCHAIN}*", version.trim()),
        Err(e) => println!("skipped: no rustc to ask for its version: {e}"),
    }
}
