//! What can stand in a slot.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

/// A value on its way into a slot: borrowed, not yet written.
///
/// ```
/// use lazuli::html::Value;
/// use lazuli::html::value::Datum;
///
/// assert!(matches!("text".datum(), Datum::Str("text")));
/// assert!(matches!(7_u32.datum(), Datum::Int(7)));
/// assert!(matches!(None::<&str>.datum(), Datum::Off));
/// assert!(matches!(true.datum(), Datum::On));
/// ```
#[derive(Clone, Copy)]
pub enum Datum<'a> {
    /// No attribute; in text, nothing.
    Off,
    /// An attribute without a value; in text, "true".
    On,
    /// A whole number.
    Int(i64),
    /// A character.
    Char(char),
    /// A text.
    Str(&'a str),
    /// Whatever can be displayed.
    Shown(&'a dyn fmt::Display),
}

/// What can stand in a slot of `html!`: texts, numbers, characters, truth values and options of them. Everything else that has
/// [`Display`](fmt::Display) can too; `html!` finds that out by itself.
///
/// As an attribute, `None` and `false` leave it out, and `true` gives it without a value. At an attribute whose values are words (`aria-pressed`,
/// `draggable`, …), `true` and `false` are these words. In text, `None` and `false` are nothing.
///
/// ```
/// use lazuli::html;
/// use lazuli::html::to_html;
/// use std::net::Ipv4Addr;
///
/// let (name, hint, peer) = (String::from("Ada"), None::<&str>, Ipv4Addr::LOCALHOST);
/// let markup = html! { input value=(name) title=(hint) disabled=(name.is_empty()) required=(true) data-peer=(peer); };
/// assert_eq!(to_html(&markup).unwrap(), r#"<input value="Ada" required data-peer="127.0.0.1">"#);
/// ```
pub trait Value {
    /// The value, borrowed.
    fn datum(&self) -> Datum<'_>;

    /// The same where truth is a word, "true" or "false".
    fn word(&self) -> Datum<'_> {
        self.datum()
    }
}

impl Value for str {
    #[inline]
    fn datum(&self) -> Datum<'_> {
        Datum::Str(self)
    }
}

impl Value for char {
    #[inline]
    fn datum(&self) -> Datum<'_> {
        Datum::Char(*self)
    }
}

impl Value for bool {
    #[inline]
    fn datum(&self) -> Datum<'_> {
        if *self { Datum::On } else { Datum::Off }
    }

    #[inline]
    fn word(&self) -> Datum<'_> {
        Datum::Str(if *self { "true" } else { "false" })
    }
}

impl<T: Value> Value for Option<T> {
    #[inline]
    fn datum(&self) -> Datum<'_> {
        self.as_ref().map_or(Datum::Off, Value::datum)
    }

    #[inline]
    fn word(&self) -> Datum<'_> {
        self.as_ref().map_or(Datum::Off, Value::word)
    }
}

macro_rules! texts {
    ($($text:ty),*) => {$(
        impl Value for $text {
            #[inline]
            fn datum(&self) -> Datum<'_> {
                Datum::Str(self)
            }
        }
    )*};
}

texts!(String, Cow<'_, str>);

macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<T: Value + ?Sized> Value for $pointer {
            #[inline]
            fn datum(&self) -> Datum<'_> {
                (**self).datum()
            }

            #[inline]
            fn word(&self) -> Datum<'_> {
                (**self).word()
            }
        }
    )*};
}

pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

macro_rules! small_integers {
    ($($integer:ty),*) => {$(
        impl Value for $integer {
            #[inline]
            fn datum(&self) -> Datum<'_> {
                Datum::Int(i64::from(*self))
            }
        }
    )*};
}

small_integers!(u8, u16, u32, i8, i16, i32, i64);

macro_rules! large_integers {
    ($($integer:ty),*) => {$(
        impl Value for $integer {
            #[inline]
            fn datum(&self) -> Datum<'_> {
                i64::try_from(*self).map_or(Datum::Shown(self), Datum::Int)
            }
        }
    )*};
}

large_integers!(u64, usize, isize, u128, i128);

macro_rules! floats {
    ($($float:ty),*) => {$(
        impl Value for $float {
            #[inline]
            fn datum(&self) -> Datum<'_> {
                Datum::Shown(self)
            }
        }
    )*};
}

floats!(f32, f64);

/// What `html!` wraps an expression in, to find a way to show it.
#[doc(hidden)]
pub struct Hole<'a, T: ?Sized>(pub &'a T);

/// The first way: by [`Value`].
#[doc(hidden)]
pub trait ByValue<'a> {
    fn datum(&self) -> Datum<'a>;
    fn word(&self) -> Datum<'a>;
}

impl<'a, T: Value + ?Sized> ByValue<'a> for Hole<'a, T> {
    #[inline]
    fn datum(&self) -> Datum<'a> {
        self.0.datum()
    }

    #[inline]
    fn word(&self) -> Datum<'a> {
        self.0.word()
    }
}

/// The second way, one reference further off, so that it is only taken where the first is closed: by [`Display`](fmt::Display).
#[doc(hidden)]
pub trait ByDisplay<'a> {
    fn datum(&self) -> Datum<'a>;
    fn word(&self) -> Datum<'a>;
}

impl<'a, T: fmt::Display> ByDisplay<'a> for &Hole<'a, T> {
    #[inline]
    fn datum(&self) -> Datum<'a> {
        Datum::Shown(self.0)
    }

    #[inline]
    fn word(&self) -> Datum<'a> {
        Datum::Shown(self.0)
    }
}
