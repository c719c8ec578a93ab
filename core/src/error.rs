//! What goes wrong in callbacks, and what the peer is told of it.

use crate::driver::response::Response;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::fmt;

/// What callbacks return.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;

/// Why a callback failed. Nothing of what it recorded happens; its peer gets one message.
///
/// Any error of another library becomes an internal one by `?`: the peer reads "Internal server error", the log gets
/// the text.
///
/// ```
/// use lazuli::Error;
///
/// fn positive(text: &str) -> Result<u32, Error> {
///     let number: u32 = text.parse()?; // not a number: "Internal server error"
///     if number == 0 {
///         return Err(Error::validation("a positive number, please")); // "Validation failed: a positive number, please"
///     }
///     Ok(number)
/// }
/// assert_eq!(positive("0").unwrap_err().message(), "Validation failed: a positive number, please");
/// assert_eq!(positive("x").unwrap_err().message(), "Internal server error");
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
enum Inner {
    Reply { message: Cow<'static, str>, code: Option<Cow<'static, str>>, status: u16 },
    Close { code: u16, reason: Cow<'static, str> },
    Internal { detail: String },
}

impl Error {
    /// The peer reads `message`.
    pub fn reply(message: impl Into<Cow<'static, str>>) -> Error {
        Error(Box::new(Inner::Reply { message: message.into(), code: None, status: 400 }))
    }

    /// The peer reads "Validation failed: …".
    pub fn validation(what: impl fmt::Display) -> Error {
        Error::reply(alloc::format!("Validation failed: {what}"))
    }

    /// The peer reads "Access denied: …".
    pub fn denied(what: impl fmt::Display) -> Error {
        let message = alloc::format!("Access denied: {what}").into();
        Error(Box::new(Inner::Reply { message, code: None, status: 403 }))
    }

    /// The connection is closed with this code and reason. In `on_connect`, this refuses it.
    pub fn close(code: u16, reason: impl Into<Cow<'static, str>>) -> Error {
        Error(Box::new(Inner::Close { code, reason: reason.into() }))
    }

    /// The peer reads "Internal server error", with the code `INTERNAL_ERROR`; the log gets `detail`.
    pub fn internal(detail: impl fmt::Display) -> Error {
        Error(Box::new(Inner::Internal { detail: detail.to_string() }))
    }

    /// What a maker refused, for the page that wanted to show it.
    pub(crate) fn refused(refused: Refused) -> Error {
        Error(Box::new(Inner::Reply { message: refused.message, code: None, status: refused.status }))
    }

    /// Adds the `code` that a reply carries beside its message; other errors stay as they are.
    #[must_use]
    pub fn with_code(mut self, new: impl Into<Cow<'static, str>>) -> Error {
        if let Inner::Reply { code, .. } = &mut *self.0 {
            *code = Some(new.into());
        }
        self
    }

    /// What the peer reads: the message, or the reason of the close.
    pub fn message(&self) -> &str {
        match &*self.0 {
            Inner::Reply { message, .. } => message,
            Inner::Close { reason, .. } => reason,
            Inner::Internal { .. } => "Internal server error",
        }
    }

    /// The `code` beside the message.
    pub fn code(&self) -> Option<&str> {
        match &*self.0 {
            Inner::Reply { code, .. } => code.as_deref(),
            Inner::Close { .. } => None,
            Inner::Internal { .. } => Some("INTERNAL_ERROR"),
        }
    }

    /// The close code, where this error closes the connection.
    pub fn close_code(&self) -> Option<u16> {
        match &*self.0 {
            Inner::Close { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// The HTTP status where a page fails with it: 403 for [`Error::denied`], 500 for an internal error, else 400.
    pub fn status(&self) -> u16 {
        match &*self.0 {
            Inner::Reply { status, .. } => *status,
            Inner::Close { .. } => 400,
            Inner::Internal { .. } => 500,
        }
    }

    /// What the log gets and the peer does not.
    pub fn detail(&self) -> Option<&str> {
        match &*self.0 {
            Inner::Internal { detail } => Some(detail),
            _ => None,
        }
    }
}

/// No `core::error::Error` for [`Error`] itself: that would collide with this conversion.
impl<E: core::error::Error> From<E> for Error {
    fn from(error: E) -> Error {
        Error::internal(error)
    }
}

/// The JSON that an error becomes.
#[derive(serde::Serialize)]
pub(crate) struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    timestamp: crate::Timestamp,
}

impl<'a> Envelope<'a> {
    pub(crate) fn new(message: &'a str, code: Option<&'a str>, timestamp: crate::Timestamp) -> Self {
        Envelope { kind: "error", message, code, timestamp }
    }
}

/// A connection that is not opened: the answer to its request instead of an upgrade.
///
/// ```
/// use lazuli::Refused;
///
/// let refused = Refused::new(403, "Only members may join");
/// assert_eq!(refused.to_string(), "403 Only members may join");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// What the body says.
    pub message: Cow<'static, str>,
    /// After how many seconds it is worth trying again.
    pub retry_after: Option<u32>,
    /// With 405: the methods that the path takes, such as `GET, HEAD`.
    pub allow: Option<&'static str>,
}

impl Refused {
    /// Refuses with an HTTP status from 400 to 599 (another becomes 403) and a text for the body.
    pub fn new(status: u16, message: impl Into<Cow<'static, str>>) -> Refused {
        let status = if (400..600).contains(&status) { status } else { 403 };
        Refused { status, message: message.into(), retry_after: None, allow: None }
    }

    /// Says after how many seconds it is worth trying again.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u32) -> Refused {
        self.retry_after = Some(seconds);
        self
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.message)
    }
}

impl core::error::Error for Refused {}

/// The answer that a driver gives.
impl From<&Refused> for Response {
    fn from(refused: &Refused) -> Response {
        let mut response = Response::text(alloc::format!("{}\n", refused.message)).with_status(refused.status);
        if let Some(seconds) = refused.retry_after {
            response = response.with_own_header("Retry-After", seconds.to_string());
        }
        if let Some(allow) = refused.allow {
            response = response.with_own_header("Allow", allow);
        }
        if refused.status == 426 {
            // Whoever sends `Upgrade` has to name it in `Connection` too (RFC 9110, section 7.8).
            response = response
                .with_own_header("Upgrade", "websocket")
                .with_own_header("Connection", "Upgrade")
                .with_own_header("Sec-WebSocket-Version", "13");
        }
        response
    }
}

/// At most 123 bytes, the room for a reason in a close frame, cut between characters.
pub(crate) fn fit_reason(reason: &str) -> &str {
    let mut end = reason.len().min(123);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    &reason[..end]
}

/// Whether an endpoint may send this close code (RFC 6455, section 7.4, and the registry behind it).
pub(crate) fn may_send(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
