//! Panics: none gets out of the driver, whatever callbacks do.

use super::{Check, Oracle, complain};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls the product; a panic that gets out of it is a failure.
pub(crate) fn contain<T>(call: impl FnOnce() -> Check<T>) -> Check<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let text = text_of(panic.as_ref()).unwrap_or("no message");
        complain(Oracle::Panics, format!("a panic got out of the driver: {text}"))
    })
}

/// What a panic said, if it was a text.
pub(crate) fn text_of(panic: &(dyn Any + Send)) -> Option<&str> {
    panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str))
}
