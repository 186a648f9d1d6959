//! See `tests/freed_memory.rs`. A package of its own, because an allocator needs `unsafe` and the others forbid it.
