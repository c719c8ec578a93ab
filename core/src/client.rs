//! The browser client, as pages load it.

use crate::driver::response::Response;
use crate::request::Request;

/// The script: it gives a page `Spark` and `AzuSpark`.
pub const SPARK_JS: &str = include_str!("../client/spark.js");

const ETAG: &str = match core::str::from_utf8(&ETAG_BYTES) {
    Ok(tag) => tag,
    Err(_) => panic!("hexadecimal digits are ASCII"),
};
const ETAG_BYTES: [u8; 18] = etag(SPARK_JS.as_bytes());

/// The answer to a request for the script. A browser asks each time whether it has the latest one, and gets 304 if so.
///
/// ```
/// use lazuli::Routes;
///
/// let mut routes: Routes = Routes::new();
/// routes.get("/js/spark.js", |_, request| Ok(lazuli::client::script(request)))?;
/// # Ok::<(), lazuli::route::PatternError>(())
/// ```
pub fn script(request: &Request) -> Response {
    let known = request.header_list("if-none-match").any(|tag| tag == "*" || tag.trim_start_matches("W/") == ETAG);
    let response = if known { Response::status(304) } else { Response::javascript(SPARK_JS) };
    response.with_own_header("Cache-Control", "no-cache").with_own_header("ETag", ETAG)
}

/// A hash of the content (FNV-1a, 64 bits) in hexadecimal digits and quotes. It tells versions apart, no more.
const fn etag(content: &[u8]) -> [u8; 18] {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < content.len() {
        hash = (hash ^ content[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    let mut tag = [b'"'; 18];
    let mut digit = 0;
    while digit < 16 {
        tag[digit + 1] = b"0123456789abcdef"[(hash >> (60 - 4 * digit)) as usize & 15];
        digit += 1;
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    fn answer(known: &str) -> Response {
        script(&Request::get("/js/spark.js").unwrap().with_header("If-None-Match", known).unwrap())
    }

    #[test]
    fn the_script_comes_with_its_type_and_is_asked_for_each_time() {
        let response = script(&Request::get("/js/spark.js").unwrap());
        assert_eq!((response.status_code(), response.content_type()), (200, "text/javascript; charset=utf-8"));
        assert_eq!(response.headers().collect::<Vec<_>>(), [("Cache-Control", "no-cache"), ("ETag", ETAG)]);
        assert!(response.body().len() > 4_000 && response.body() == SPARK_JS.as_bytes());
    }

    #[test]
    fn who_has_it_already_is_told_so() {
        let weak = format!("\"other\", W/{ETAG}");
        for known in [ETAG, &weak, "*"] {
            let response = answer(known);
            assert_eq!(response.status_code(), 304, "{known}");
            assert!(response.headers().any(|header| header == ("ETag", ETAG)));
            assert!(response.encode(false).ends_with(b"\r\n\r\n"));
        }
        for other in ["", "\"other\"", &ETAG[1..17], "W/\"*\""] {
            assert_eq!(answer(other).status_code(), 200, "{other}");
        }
    }

    #[test]
    fn the_tag_is_the_hash_that_it_says() {
        // From the reference values of FNV-1a.
        assert_eq!(&etag(b""), b"\"cbf29ce484222325\"");
        assert_eq!(&etag(b"a"), b"\"af63dc4c8601ec8c\"");
        assert_eq!(&etag(b"foobar"), b"\"85944171f73967e8\"");
    }
}
