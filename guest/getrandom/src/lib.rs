//! What getrandom 0.2 offers, so far as our dependencies call it: [`getrandom`], for ring.
//!
//! It stands in for the crate of that name through `[patch.crates-io]`. The original takes
//! `wasm32-wasip2` for WASI 0.1 and imports `wasi_snapshot_preview1.random_get`; the linker then
//! adds an adapter to the component, which imports `wasi:cli` and more. This one asks the shell, which
//! has `wasi:random` of its version of WASI. On other targets it forwards to the getrandom of today.

#![no_std]

#[cfg(target_os = "wasi")]
unsafe extern "Rust" {
    /// Fills `dest` with random bytes that nobody can predict. Each shell defines it.
    safe fn wasocket_fill_random(dest: &mut [u8]);
}

/// Why there are no random bytes. On WASI there always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error;

/// Fills `dest` with random bytes that nobody can predict.
///
/// # Errors
///
/// If the system has none to give; `dest` is not to be used then.
#[cfg(target_os = "wasi")]
pub fn getrandom(dest: &mut [u8]) -> Result<(), Error> {
    wasocket_fill_random(dest);
    Ok(())
}

/// Fills `dest` with random bytes that nobody can predict.
///
/// # Errors
///
/// If the system has none to give; `dest` is not to be used then.
#[cfg(not(target_os = "wasi"))]
pub fn getrandom(dest: &mut [u8]) -> Result<(), Error> {
    getrandom_native::fill(dest).map_err(|_| Error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_calls_have_different_results() {
        let mut first = [0; 32];
        let mut second = [0; 32];
        assert_eq!(getrandom(&mut first), Ok(()));
        assert_eq!(getrandom(&mut second), Ok(()));
        assert_ne!(first, second);
        assert_ne!(first, [0; 32]);
    }
}
