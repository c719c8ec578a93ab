//! An allocator that counts, thread by thread: what other threads of a test runner allocate is not seen.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// The system's allocator, counted. A program installs it:
///
/// ```
/// use lazuli_benches::count::{Counting, allocations};
///
/// #[global_allocator]
/// static ALLOCATOR: Counting = Counting;
///
/// assert_eq!(allocations(|| drop(vec![1])), 1);
/// assert_eq!(allocations(|| ()), 0);
/// ```
pub struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
    /// Bytes of what lives, and the most that it was since [`held`] began.
    static HELD: Cell<(i64, i64)> = const { Cell::new((0, 0)) };
    static TRACED: Cell<bool> = const { Cell::new(false) };
    static LIVE: RefCell<BTreeMap<usize, i64>> = const { RefCell::new(BTreeMap::new()) };
}

/// How often `run` allocated; to grow or shrink a block counts as well.
pub fn allocations(run: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    run();
    COUNT.get() - before
}

/// Runs `run`; by how many bytes more than before it held at most, and holds in the end.
pub fn held(run: impl FnOnce()) -> (i64, i64) {
    let (before, _) = HELD.get();
    HELD.set((before, before));
    run();
    let (after, most) = HELD.get();
    (most - before, after - before)
}

/// Runs `run`; returns what it made, and which blocks it left behind: how many of each size. Blocks that it freed and
/// had not allocated count below zero.
pub fn blocks<T>(run: impl FnOnce() -> T) -> (T, BTreeMap<usize, i64>) {
    TRACED.set(true);
    let made = run();
    TRACED.set(false);
    let mut live = LIVE.take();
    live.retain(|_, count| *count != 0);
    (made, live)
}

fn count() {
    // A thread that ends has no counters any more, and nobody reads them.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

fn trace(size: usize, change: i64) {
    let _ = HELD.try_with(|held| {
        let (now, most) = held.get();
        let now = now + size as i64 * change;
        held.set((now, most.max(now)));
    });
    if TRACED.try_with(Cell::get) == Ok(true) {
        // The list allocates, too; that is not to be traced.
        TRACED.set(false);
        let _ = LIVE.try_with(|live| *live.borrow_mut().entry(size).or_default() += change);
        TRACED.set(true);
    }
}

// SAFETY: every call is handed on to `System` unchanged, which keeps the contract; what is done besides touches
// thread-local counters only. The one part that allocates, the list of `trace`, is guarded against its own calls.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        trace(layout.size(), 1);
        // SAFETY: the caller's promises are the ones that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        trace(layout.size(), 1);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        trace(layout.size(), -1);
        // SAFETY: as above; `block` came from `System`.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // Both blocks may be there while one is copied to the other.
        trace(size, 1);
        trace(layout.size(), -1);
        // SAFETY: as above; `block` came from `System`.
        unsafe { System.realloc(block, layout, size) }
    }
}
