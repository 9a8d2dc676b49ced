//! The component that this crate embeds, and how it is compiled.

use std::path::PathBuf;

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::error::{EngineError, RuntimeError};

/// The component, for a host of WASI 0.2: a binary in the format of the Component Model, which
/// gives the package `wasocket:websocket@0.2.0`. For those who compose it, or run it elsewhere.
// The call keeps its bytes out of the documentation, which has the literals of constants.
pub const COMPONENT: &[u8] = include_bytes!(env!("WASOCKET_COMPONENT")).as_slice();

/// The component that this crate runs: [`COMPONENT`], built to use what our engine has and others need
/// not have.
#[cfg(feature = "compile")]
const EMBEDDED: &[u8] = include_bytes!(env!("WASOCKET_COMPONENT_EMBEDDED")).as_slice();

/// The component for a host of WASI 0.3, which gives the package `wasocket:websocket@0.3.0`: to be
/// composed, or run elsewhere. This crate runs one for WASI 0.2.
#[cfg(feature = "component-0-3")]
pub const COMPONENT_0_3: &[u8] = include_bytes!(env!("WASOCKET_COMPONENT_0_3")).as_slice();

/// The component for a host of WASI 0.2 that does TLS, by the proposal `wasi:tls`
/// (`wasi:tls/types@0.2.0-draft`): as [`COMPONENT`], without TLS of its own. It cannot be told roots.
#[cfg(feature = "wasi-tls")]
pub const COMPONENT_WASI_TLS: &[u8] =
    include_bytes!(env!("WASOCKET_COMPONENT_WASI_TLS")).as_slice();

/// Whose TLS makes connections secure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsOf {
    Guest,
    #[cfg(feature = "wasi-tls")]
    Host,
}

impl TlsOf {
    /// The component for it.
    #[cfg(feature = "compile")]
    fn component(self) -> &'static [u8] {
        match self {
            Self::Guest => EMBEDDED,
            #[cfg(feature = "wasi-tls")]
            Self::Host => COMPONENT_WASI_TLS,
        }
    }
}

/// Where a compiled component comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// Compile the embedded one.
    Embedded,
    /// Compile the embedded one, unless the directory has it compiled.
    #[cfg(feature = "compile")]
    Cache(PathBuf),
    /// Load this file, which the embedder vouched for.
    Precompiled(PathBuf),
}

impl Source {
    /// The error of a component from here that the engine does not take.
    pub(crate) fn unusable(&self, error: wasmtime::Error) -> RuntimeError {
        let source = EngineError::new(error);
        match self {
            Self::Precompiled(file) => RuntimeError::Precompiled {
                path: file.clone(),
                source,
            },
            // It is ours, so that it is up to the engine.
            _ => RuntimeError::Engine(source),
        }
    }
}

#[cfg_attr(
    not(any(feature = "compile", feature = "wasi-tls")),
    expect(
        unused_variables,
        reason = "there is one component then, compiled elsewhere"
    )
)]
pub(crate) fn load(
    engine: &Engine,
    source: &Source,
    tls: TlsOf,
) -> Result<Component, RuntimeError> {
    match source {
        #[cfg(feature = "compile")]
        Source::Embedded => Component::from_binary(engine, tls.component())
            .map_err(|error| RuntimeError::Compile(EngineError::new(error))),
        #[cfg(not(feature = "compile"))]
        Source::Embedded => Err(RuntimeError::Compile(EngineError::new(
            wasmtime::Error::msg("this build has no compiler (the feature `compile` is off)"),
        ))),
        #[cfg(feature = "compile")]
        Source::Cache(directory) => cache::load(engine, directory, tls),
        Source::Precompiled(file) => {
            // SAFETY: whoever called `RuntimeBuilder::precompiled` promised that the file is what
            // `Runtime::precompile` returned, and stays so.
            let component = unsafe { Component::deserialize_file(engine, file) };
            #[cfg(feature = "wasi-tls")]
            let component = component.and_then(|component| check_tls(engine, component, tls));
            component.map_err(|error| source.unusable(error))
        }
    }
}

/// Refuses a component that has TLS of its own where the host is to do it: it would be run, and the
/// host's not be used. The other way round the engine finds that an import is missing.
#[cfg(feature = "wasi-tls")]
fn check_tls(engine: &Engine, component: Component, tls: TlsOf) -> wasmtime::Result<Component> {
    match tls {
        TlsOf::Guest => Ok(component),
        TlsOf::Host => {
            let of = component.component_type();
            let asks = of
                .imports(engine)
                .any(|(name, _)| name.starts_with("wasi:tls/"));
            match asks {
                true => Ok(component),
                false => Err(wasmtime::Error::msg(
                    "it has TLS of its own, and not the host's",
                )),
            }
        }
    }
}

#[cfg(feature = "compile")]
pub(crate) fn compile(engine: &Engine, tls: TlsOf) -> Result<Vec<u8>, RuntimeError> {
    engine
        .precompile_component(tls.component())
        .map_err(|error| RuntimeError::Compile(EngineError::new(error)))
}

#[cfg(feature = "compile")]
mod cache {
    use std::fs::DirBuilder;
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::io::{self, Write};
    use std::path::{Path, PathBuf};

    use tracing::{debug, warn};
    use wasmtime::Engine;
    use wasmtime::component::Component;

    use super::{TlsOf, compile};
    use crate::error::{EngineError, RuntimeError};

    pub(super) fn load(
        engine: &Engine,
        directory: &Path,
        tls: TlsOf,
    ) -> Result<Component, RuntimeError> {
        let file = directory.join(file_name(engine, tls));
        if file.exists() {
            // SAFETY: whoever called `RuntimeBuilder::cache` was told that nobody else may be able
            // to write to the directory. We write files to it whole or not at all, and never
            // change one.
            match unsafe { Component::deserialize_file(engine, &file) } {
                Ok(component) => return Ok(component),
                // Not fatal: it is made anew.
                Err(error) => warn!(file = %file.display(), "unusable in the cache: {error:#}"),
            }
        }
        debug!(file = %file.display(), "compiling the component into the cache");
        let compiled = compile(engine, tls)?;
        write(directory, &file, &compiled).map_err(|source| RuntimeError::Cache {
            path: directory.to_owned(),
            source,
        })?;
        // SAFETY: these bytes were compiled by this engine a moment ago.
        unsafe { Component::deserialize(engine, &compiled) }
            .map_err(|error| RuntimeError::Compile(EngineError::new(error)))
    }

    /// A name that another component, version of the engine, or kind of machine does not have.
    fn file_name(engine: &Engine, tls: TlsOf) -> PathBuf {
        let mut hash = DefaultHasher::new();
        tls.component().hash(&mut hash);
        engine.precompile_compatibility_hash().hash(&mut hash);
        format!("wasocket-{:016x}.cwasm", hash.finish()).into()
    }

    /// Writes the file whole or not at all, though others do the same at the same time.
    fn write(directory: &Path, file: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
        let mut temporary = tempfile::Builder::new()
            .prefix("wasocket-")
            .tempfile_in(directory)?;
        temporary.write_all(bytes)?;
        temporary.persist(file).map_err(|error| error.error)?;
        Ok(())
    }
}
