//! The few C functions that the JPEG 2000 decoder expects of its surroundings, which no browser provides.
//!
//! `openjp2` is a Rust translation of a C program: it still calls `malloc`, `calloc`, `realloc`, `free` and `strcpy`, and it
//! hands null pointers to `dealloc`, which wasm's allocator does not take. Both are mended here, in the worker alone, where a
//! trap costs one worker and not the page.
#![allow(unsafe_code, reason = "a C allocator cannot be written without; the only unsafe code of the project")]

use std::alloc::{GlobalAlloc, Layout, System, alloc, alloc_zeroed, dealloc, realloc as grow};
use std::hint::black_box;

/// Bytes before each block that hold its size; also its alignment.
const HEADER: usize = 16;

/// The system's allocator, which also takes null back.
struct TakesNull;

#[global_allocator]
static ALLOCATOR: TakesNull = TakesNull;

// SAFETY: all calls go to the system's allocator unchanged, but for null pointers, which own nothing.
unsafe impl GlobalAlloc for TakesNull {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // The optimiser believes that this pointer cannot be null and would drop the test.
        if !black_box(pointer).is_null() {
            // SAFETY: the caller's promise is passed on.
            unsafe { System.dealloc(pointer, layout) }
        }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(HEADER)?, HEADER).ok()
}

/// Writes the size before a fresh block and returns the place after it.
///
/// # Safety
/// `base` is null or begins a block of at least [`HEADER`] bytes, aligned to it.
unsafe fn with_header(base: *mut u8, size: usize) -> *mut u8 {
    if base.is_null() {
        return base;
    }
    // SAFETY: the block holds the header.
    unsafe {
        base.cast::<usize>().write(size);
        base.add(HEADER)
    }
}

#[unsafe(no_mangle)]
extern "C" fn malloc(size: usize) -> *mut u8 {
    let Some(layout) = layout(size) else { return std::ptr::null_mut() };
    // SAFETY: the layout has a size, and the block is ours.
    unsafe { with_header(alloc(layout), size) }
}

#[unsafe(no_mangle)]
extern "C" fn calloc(count: usize, each: usize) -> *mut u8 {
    let size = count.checked_mul(each);
    let Some((size, layout)) = size.and_then(|s| Some((s, layout(s)?))) else { return std::ptr::null_mut() };
    // SAFETY: as for `malloc`.
    unsafe { with_header(alloc_zeroed(layout), size) }
}

/// # Safety
/// `pointer` is null or came from one of these functions and was not freed.
#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(pointer: *mut u8, size: usize) -> *mut u8 {
    if pointer.is_null() {
        return malloc(size);
    }
    // SAFETY: the header before the block is ours.
    unsafe {
        let base = pointer.sub(HEADER);
        let (Some(old), Some(new)) = (layout(base.cast::<usize>().read()), layout(size)) else {
            return std::ptr::null_mut();
        };
        with_header(grow(base, old, new.size()), size)
    }
}

/// # Safety
/// `pointer` is null or came from one of these functions and was not freed.
#[unsafe(no_mangle)]
unsafe extern "C" fn free(pointer: *mut u8) {
    if pointer.is_null() {
        return;
    }
    // SAFETY: the header before the block is ours.
    unsafe {
        let base = pointer.sub(HEADER);
        if let Some(layout) = layout(base.cast::<usize>().read()) {
            dealloc(base, layout);
        }
    }
}

/// # Safety
/// `from` ends with a zero byte and `to` has room for all of it.
#[unsafe(no_mangle)]
unsafe extern "C" fn strcpy(to: *mut u8, from: *const u8) -> *mut u8 {
    let mut n = 0;
    // SAFETY: the caller's promise.
    unsafe {
        loop {
            let byte = from.add(n).read();
            to.add(n).write(byte);
            n += 1;
            if byte == 0 {
                return to;
            }
        }
    }
}
