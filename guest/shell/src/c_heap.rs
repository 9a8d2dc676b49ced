//! C's allocator over Rust's, so that the component has one heap: without the standard library,
//! zlib-rs asks C for memory, and wasi-libc would bring a second allocator.
//!
//! Each block is preceded by its length, which C's `free` is not told.

use alloc::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use core::ptr;

/// What stands before a block: its length, and what keeps the block aligned as C wants it.
const HEADER_LEN: usize = 16;
const ALIGN: usize = 16;

/// The layout of a block of `len` bytes and its header.
fn layout(len: usize) -> Option<Layout> {
    let len = len.checked_add(HEADER_LEN)?;
    Layout::from_size_align(len, ALIGN).ok()
}

/// Makes a block of what `allocate` returns for its layout.
///
/// # Safety
///
/// `allocate` is `alloc` or `alloc_zeroed`.
unsafe fn block(len: usize, allocate: unsafe fn(Layout) -> *mut u8) -> *mut u8 {
    let Some(layout) = layout(len) else {
        return ptr::null_mut();
    };
    // SAFETY: the layout has the header, so that its size is not 0.
    let start = unsafe { allocate(layout) };
    if start.is_null() {
        return start;
    }
    // SAFETY: there are `HEADER_LEN` bytes at `start`, which is aligned for a `usize`, and the
    // block follows in the same allocation.
    unsafe {
        start.cast::<usize>().write(len);
        start.add(HEADER_LEN)
    }
}

/// `malloc` of C (C17, section 7.22.3.4).
#[unsafe(no_mangle)]
extern "C" fn malloc(len: usize) -> *mut u8 {
    // SAFETY: it is `alloc`.
    unsafe { block(len, alloc) }
}

/// `calloc` of C (section 7.22.3.2).
#[unsafe(no_mangle)]
extern "C" fn calloc(count: usize, len: usize) -> *mut u8 {
    let Some(len) = count.checked_mul(len) else {
        return ptr::null_mut();
    };
    // SAFETY: it is `alloc_zeroed`.
    unsafe { block(len, alloc_zeroed) }
}

/// `free` of C (section 7.22.3.3).
///
/// # Safety
///
/// `block` is null, or comes from [`malloc`] or [`calloc`] and was not freed.
#[unsafe(no_mangle)]
unsafe extern "C" fn free(block: *mut u8) {
    if block.is_null() {
        return;
    }
    // SAFETY: a block that is not null has its header before it, which has its length, and was
    // allocated with the layout of that length.
    unsafe {
        let start = block.sub(HEADER_LEN);
        let len = start.cast::<usize>().read();
        if let Some(layout) = layout(len) {
            dealloc(start, layout);
        }
    }
}
