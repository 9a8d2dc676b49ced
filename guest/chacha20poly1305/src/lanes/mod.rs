//! Vectors of 128 bits: those of WebAssembly, or arrays that stand for them.

#[cfg_attr(
    all(feature = "wide-arithmetic", not(test)),
    expect(
        dead_code,
        reason = "numbers of 64 bits are for the authenticator in vectors"
    )
)]
#[cfg_attr(
    all(target_arch = "wasm32", target_feature = "simd128"),
    path = "simd128.rs"
)]
#[cfg_attr(
    not(all(target_arch = "wasm32", target_feature = "simd128")),
    path = "array.rs"
)]
mod vectors;

pub(crate) use vectors::U32x4;
#[cfg(any(test, not(feature = "wide-arithmetic")))]
pub(crate) use vectors::U64x2;
