//! What can be simulated.

use lazuli::{App, Routes};
use std::fmt::Debug;

/// What the function that makes an application returns: its routes, its routes and its shared state, or a `Result` of these.
///
/// ```
/// use lazuli::{Routes, route::PatternError};
/// use lazuli_harness::simulate;
///
/// fn plain() -> Routes {
///     Routes::new()
/// }
/// fn with_state() -> Result<(Routes, ()), PatternError> {
///     Ok((Routes::new(), ()))
/// }
///
/// simulate(plain, |_| {});
/// simulate(with_state, |_| {});
/// ```
pub trait Application {
    /// The application's shared state.
    type App: App;

    /// The routes and the state.
    ///
    /// # Panics
    /// When it is an error.
    #[track_caller]
    fn into_parts(self) -> (Routes<Self::App>, Self::App);
}

impl Application for Routes<()> {
    type App = ();

    fn into_parts(self) -> (Routes, ()) {
        (self, ())
    }
}

impl<A: App> Application for (Routes<A>, A) {
    type App = A;

    fn into_parts(self) -> (Routes<A>, A) {
        self
    }
}

impl<T: Application, E: Debug> Application for Result<T, E> {
    type App = T::App;

    #[track_caller]
    fn into_parts(self) -> (Routes<T::App>, T::App) {
        match self {
            Ok(made) => made.into_parts(),
            Err(error) => panic!("the application cannot be made: {error:?}"),
        }
    }
}
