//! The WIT interface of the component for WASI 0.3, as components use it.

mod basics;
