//! The directory that keeps the compiled component.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use integration_tests::{Echo, run, runtime_builder};
use tempfile::TempDir;
use wasocket::{Grants, Runtime, RuntimeError};

use super::assert_echoes;

fn runtime_with(cache: &Path) -> Result<Runtime, RuntimeError> {
    let everything = Grants::new().everything();
    Runtime::builder().grants(everything).cache(cache).build()
}

/// The only file in a directory.
fn only_entry(directory: &Path) -> PathBuf {
    let entries = fs::read_dir(directory).unwrap();
    let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    match <[PathBuf; 1]>::try_from(paths) {
        Ok([path]) => path,
        Err(paths) => panic!("{paths:?}"),
    }
}

/// Asserts that the component runs.
async fn assert_runs(runtime: Runtime) {
    let echo = Echo::start().await;
    assert_echoes(&mut runtime.connect(&echo.url()).await.unwrap()).await;
}

#[test]
fn what_is_compiled_is_kept_and_taken_again() {
    let parent = TempDir::new().unwrap();
    let cache = parent.path().join("not/there/yet");
    run(assert_runs(runtime_with(&cache).unwrap()));
    let entry = only_entry(&cache);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&cache).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
    let written = fs::metadata(&entry).unwrap().modified().unwrap();
    run(assert_runs(runtime_with(&cache).unwrap()));
    assert_eq!(only_entry(&cache), entry);
    let still = fs::metadata(&entry).unwrap().modified().unwrap();
    assert_eq!(still, written);
}

#[test]
fn an_entry_that_is_damaged_is_made_anew() {
    let cache = TempDir::new().unwrap();
    runtime_with(cache.path()).unwrap();
    let entry = only_entry(cache.path());
    let whole = fs::read(&entry).unwrap();
    for damaged in [&whole[..0], &whole[..whole.len() / 2]] {
        // A new file: the old one may still be mapped into memory.
        fs::remove_file(&entry).unwrap();
        fs::write(&entry, damaged).unwrap();
        run(assert_runs(runtime_with(cache.path()).unwrap()));
        assert_eq!(only_entry(cache.path()), entry);
        assert!(fs::read(&entry).unwrap() == whole);
    }
}

#[test]
fn runtimes_that_are_made_at_once_share_a_directory() {
    let cache = TempDir::new().unwrap();
    let runtimes = thread::scope(|scope| {
        let made = [(); 2].map(|()| scope.spawn(|| runtime_with(cache.path()).unwrap()));
        made.map(|runtime| runtime.join().unwrap())
    });
    only_entry(cache.path());
    for runtime in runtimes {
        run(assert_runs(runtime));
    }
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let parent = TempDir::new().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = runtime_builder().cache(&path).build().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the cache at {} cannot be used", path.display())
        );
        let RuntimeError::Cache { path: named, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(named, &path);
        assert!(error.source().is_some());
    }
}
