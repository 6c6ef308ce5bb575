//! Builds `web/` with npm. The sources are copied to `$OUT_DIR` and built there, so the source tree stays as it was;
//! `node_modules` is cached in the target folder and installed again only when `package-lock.json` has changed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::{env, io};

/// Not copied: made by npm, or needed by tests only.
const SKIPPED: [&str; 4] = ["node_modules", "dist", "e2e", ".svelte-kit"];

fn main() {
    if let Err(sentence) = run() {
        eprintln!("{sentence}");
        println!("cargo::error={sentence}");
        exit(1);
    }
}

fn run() -> Result<(), String> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let source = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../../web");
    println!("cargo::rerun-if-changed=build.rs");
    let copy = out.join("web");
    remove(&copy)?;
    describe("copy web/", copy_tree(&source, &copy))?;
    let cache = target(&out)?.join("web");
    describe("make the npm cache folder", fs::create_dir_all(&cache))?;
    // Two builds may share the cache: debug and release, or an editor's. The lock ends with the process.
    let lock = describe("open the npm lock", File::create(cache.join("lock")))?;
    describe("take the npm lock", lock.lock())?;
    install(&copy, &cache)?;
    describe("link node_modules", link(&cache.join("node_modules"), &copy.join("node_modules")))?;
    npm(&copy, &["run", "build"])
}

/// Cargo's target folder: `OUT_DIR` is `<target>[/<triple>]/<profile>/build/<package>/out`.
fn target(out: &Path) -> Result<&Path, String> {
    out.ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").exists())
        .or_else(|| out.ancestors().nth(4))
        .ok_or_else(|| format!("no target folder above {}", out.display()))
}

fn install(copy: &Path, cache: &Path) -> Result<(), String> {
    let wanted = describe("read package-lock.json", fs::read_to_string(copy.join("package-lock.json")))?;
    let stamp = cache.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    // The stamp is removed before the install and written after it, so that an interrupted install is repeated.
    let _ = fs::remove_file(&stamp);
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        describe("fill the npm cache folder", fs::copy(copy.join(name), cache.join(name)))?;
    }
    npm(cache, &["ci", "--ignore-scripts"])?;
    describe("stamp the npm cache folder", fs::write(&stamp, wanted))
}

fn npm(folder: &Path, arguments: &[&str]) -> Result<(), String> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(program).args(arguments).current_dir(folder).output().map_err(|cause| {
        if cause.kind() == io::ErrorKind::NotFound {
            "npm is missing, which builds the pages in web/: install Node 20 and npm 11, then build again"
                .into()
        } else {
            format!("npm could not be started: {cause}")
        }
    })?;
    if output.status.success() {
        return Ok(());
    }
    eprintln!("{}", String::from_utf8_lossy(&output.stdout));
    eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    Err(format!("`npm {}` failed in {}: see its output above", arguments.join(" "), folder.display()))
}

/// Copies a folder, and makes Cargo watch each file. A new file needs no watch, because a changed file imports it.
fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if SKIPPED.contains(&name.as_str()) || name.ends_with(".test.ts") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &to.join(&name))?;
        } else {
            println!("cargo::rerun-if-changed={}", entry.path().display());
            fs::copy(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<(), String> {
    // Only the link is removed: the folder that it names is shared.

    let modules = folder.join("node_modules");
    if modules.is_symlink() {
        describe("remove the old link", fs::remove_file(modules))?;
    }
    if folder.exists() { describe("remove the old copy", fs::remove_dir_all(folder)) } else { Ok(()) }
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(windows)]
fn link(to: &Path, at: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(to, at)
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set: this runs under Cargo only"))
}

fn describe<T>(what: &str, result: io::Result<T>) -> Result<T, String> {
    result.map_err(|cause| format!("could not {what}: {cause}"))
}
