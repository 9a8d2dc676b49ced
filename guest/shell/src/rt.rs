//! What the standard library would provide: an allocator, and what happens at a panic.

use alloc::alloc::{Layout, alloc, realloc};
use core::panic::PanicInfo;

use dlmalloc::GlobalDlmalloc;

#[global_allocator]
static ALLOCATOR: GlobalDlmalloc = GlobalDlmalloc;

/// Traps. There is no stream to write the message to; the host shows the backtrace.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

// `memcmp` and the like, which compiled code calls by name.
#[link(name = "c")]
unsafe extern "C" {}

/// How the canonical ABI allocates what the host passes in (Component Model, "Canonical ABI").
///
/// wasi-libc has one too, but over its own allocator, not over the one that frees the lists.
///
/// # Safety
///
/// Called by the host's side of the canonical ABI alone, which keeps `realloc`'s contract.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_len: usize,
    align: usize,
    new_len: usize,
) -> *mut u8 {
    if new_len == 0 {
        // A dangling pointer of the right alignment is what an empty list has.
        return core::ptr::without_provenance_mut(align);
    }
    let layout_len = if old_len == 0 { new_len } else { old_len };
    let Ok(layout) = Layout::from_size_align(layout_len, align) else {
        core::arch::wasm32::unreachable()
    };
    let new = if old_len == 0 {
        // SAFETY: the layout's size is not 0.
        unsafe { alloc(layout) }
    } else {
        // SAFETY: by the canonical ABI `old` came from here with this layout, and `new_len` is
        // not 0.
        unsafe { realloc(old, layout, new_len) }
    };
    if new.is_null() {
        core::arch::wasm32::unreachable()
    }
    new
}
