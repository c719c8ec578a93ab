//! The browser client, as pages load it.

use crate::driver::response::Response;
use crate::request::Request;

/// The script: it gives a page `Spark` and `AzuSpark`.
pub const SPARK_JS: &str = include_str!("../client/spark.js");

/// The same, compressed with gzip.
pub const SPARK_JS_GZ: &[u8] = include_bytes!("../client/spark.js.gz");

/// A second script, for developers: behind the first, it slows a page's connection down and says what patches weigh.
pub const SPARK_DEV_JS: &str = include_str!("../client/spark-dev.js");

const ETAG_BYTES: [u8; 18] = etag(SPARK_JS.as_bytes());
const ETAG_BYTES_GZ: [u8; 18] = etag(SPARK_JS_GZ);
const ETAG: &str = ascii(&ETAG_BYTES);
const ETAG_GZ: &str = ascii(&ETAG_BYTES_GZ);

/// The answer to a request for the script, compressed for who takes that. A browser asks each time whether it has the latest
/// one, and gets 304 if so.
///
/// ```
/// use lazuli::Routes;
///
/// let mut routes: Routes = Routes::new();
/// routes.get("/js/spark.js", |_, request| Ok(lazuli::client::script(request)))?;
/// # Ok::<(), lazuli::route::PatternError>(())
/// ```
pub fn script(request: &Request) -> Response {
    let is_gzip = takes_gzip(request);
    let (body, etag) = if is_gzip { (SPARK_JS_GZ, ETAG_GZ) } else { (SPARK_JS.as_bytes(), ETAG) };
    let known = request.header_list("if-none-match").any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag);
    let mut response = if known { Response::status(304) } else { Response::javascript_bytes(body) };
    if is_gzip && !known {
        response = response.with_own_header("Content-Encoding", "gzip");
    }
    response
        .with_own_header("Cache-Control", "no-cache")
        .with_own_header("ETag", etag)
        .with_own_header("Vary", "Accept-Encoding")
}

/// The answer to a request for the script for developers: `sparkDev.latency(200)` in a browser's console then makes every frame wait so
/// many milliseconds, out and in.
///
/// ```
/// use lazuli::Routes;
///
/// let mut routes: Routes = Routes::new();
/// routes.get("/js/spark-dev.js", |_, request| Ok(lazuli::client::dev_script(request)))?;
/// # Ok::<(), lazuli::route::PatternError>(())
/// ```
pub fn dev_script(_: &Request) -> Response {
    Response::javascript_bytes(SPARK_DEV_JS.as_bytes()).with_own_header("Cache-Control", "no-cache")
}

/// Whether gzip is named (by `*`, if not by name), not refused, and not liked less than no compression where that is named.
fn takes_gzip(request: &Request) -> bool {
    let quality = |names: &[&str]| {
        let named = request.header_list("accept-encoding").map(coding);
        named
            .filter(|(name, _)| names.iter().any(|one| name.eq_ignore_ascii_case(one)))
            .map(|(_, quality)| quality)
            .max()
    };
    let gzip = quality(&["gzip", "x-gzip"]).or_else(|| quality(&["*"])).unwrap_or(0);
    gzip > quality(&["identity"]).map_or(0, |plain| plain.saturating_sub(1))
}

/// The name of a content coding and its quality in thousandths: 1,000 if there is none, 0 for one that is none.
fn coding(element: &str) -> (&str, u16) {
    let (name, parameters) = element.split_once(';').unwrap_or((element, ""));
    let parameter = parameters.trim_matches([' ', '\t']);
    let quality = match parameter.strip_prefix(['q', 'Q']).and_then(|rest| rest.strip_prefix('=')) {
        _ if parameter.is_empty() => 1_000,
        Some(value) => thousandths(value).unwrap_or(0),
        None => 0,
    };
    (name.trim_end_matches([' ', '\t']), quality)
}

/// `0`, `1`, and up to three digits behind a point, no more than 1.
fn thousandths(value: &str) -> Option<u16> {
    let (whole, digits) = value.split_once('.').unwrap_or((value, ""));
    if !matches!(whole, "0" | "1") || digits.len() > 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let parts = [100, 10, 1].iter().zip(digits.bytes()).map(|(weight, digit)| weight * u16::from(digit - b'0'));
    Some(u16::from(whole == "1") * 1_000 + parts.sum::<u16>()).filter(|&quality| quality <= 1_000)
}

const fn ascii(bytes: &'static [u8]) -> &'static str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("hexadecimal digits are ASCII"),
    }
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

    #[test]
    fn developers_get_a_script_of_their_own() {
        let response = dev_script(&Request::get("/js/spark-dev.js").unwrap());
        assert_eq!((response.status_code(), response.content_type()), (200, "text/javascript; charset=utf-8"));
        assert_eq!(response.body(), SPARK_DEV_JS.as_bytes());
        assert!(SPARK_DEV_JS.contains("sparkDev"));
    }

    fn ask(headers: &[(&str, &str)]) -> Response {
        let request = Request::get("/js/spark.js").unwrap();
        script(&headers.iter().fold(request, |request, &(name, value)| request.with_header(name, value).unwrap()))
    }

    #[test]
    fn the_script_comes_with_its_type_and_is_asked_for_each_time() {
        let response = ask(&[]);
        assert_eq!((response.status_code(), response.content_type()), (200, "text/javascript; charset=utf-8"));
        let always = [("Cache-Control", "no-cache"), ("ETag", ETAG), ("Vary", "Accept-Encoding")];
        assert_eq!(response.headers().collect::<Vec<_>>(), always);
        assert!(response.body().len() > 4_000 && response.body() == SPARK_JS.as_bytes());
    }

    #[test]
    fn who_takes_gzip_gets_it_with_a_tag_of_its_own() {
        let response = ask(&[("Accept-Encoding", "gzip, deflate, br, zstd")]);
        assert_eq!((response.status_code(), response.content_type()), (200, "text/javascript; charset=utf-8"));
        let headers: Vec<_> = response.headers().collect();
        let expected = [
            ("Content-Encoding", "gzip"),
            ("Cache-Control", "no-cache"),
            ("ETag", ETAG_GZ),
            ("Vary", "Accept-Encoding"),
        ];
        assert_eq!(headers, expected);
        assert!(response.body() == SPARK_JS_GZ && ETAG_GZ != ETAG);
    }

    #[test]
    fn what_is_compressed_is_the_script() {
        // By the end of the format: CRC-32 and length of the content. (The client's build compares the content itself.)
        let crc = !SPARK_JS.bytes().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
        });
        let (content, end) = SPARK_JS_GZ.split_at(SPARK_JS_GZ.len() - 8);
        assert!(content.starts_with(&[0x1f, 0x8b, 8]));
        assert_eq!(end[..4], crc.to_le_bytes());
        assert_eq!(end[4..], u32::try_from(SPARK_JS.len()).unwrap().to_le_bytes());
    }

    #[test]
    fn a_quality_says_whether_gzip_is_taken() {
        for taken in [
            "gzip",
            "GZip",
            "x-gzip",
            "*",
            "br;q=1.0, gzip;q=0.8, *;q=0.1",
            "gzip;q=0.001",
            "gzip ; q=1.000",
            "gzip;Q=1",
            "identity;q=0, *",
            "identity, gzip",
            "identity;q=0.5, gzip;q=0.5",
        ] {
            assert!(ask(&[("Accept-Encoding", taken)]).body() == SPARK_JS_GZ, "{taken}");
        }
        for refused in [
            "",
            "identity",
            "deflate, br",
            "gzip;q=0",
            "gzip;q=0.000",
            "gzip;q=0, *",
            "*;q=0",
            "br, *;q=0",
            "identity;q=1, gzip;q=0.5",
            "gzip;q=1.001",
            "gzip;q=2",
            "gzip;q=-1",
            "gzip;q=0.0001",
            "gzip;q=",
            "gzip;q",
            "gzip;level=9",
            "gzipped",
        ] {
            let response = ask(&[("Accept-Encoding", refused)]);
            assert!(response.body() == SPARK_JS.as_bytes(), "{refused}");
            assert!(!response.headers().any(|(name, _)| name == "Content-Encoding"), "{refused}");
        }
        let over_two_lines = ask(&[("Accept-Encoding", "br"), ("Accept-Encoding", "gzip")]);
        assert!(over_two_lines.body() == SPARK_JS_GZ);
    }

    #[test]
    fn who_has_it_already_is_told_so() {
        for (encoding, etag, other) in [("identity", ETAG, ETAG_GZ), ("gzip", ETAG_GZ, ETAG)] {
            let answer = |known: &str| ask(&[("Accept-Encoding", encoding), ("If-None-Match", known)]);
            let weak = format!("\"other\", W/{etag}");
            for known in [etag, &weak, "*"] {
                let response = answer(known);
                assert_eq!(response.status_code(), 304, "{known}");
                let headers: Vec<_> = response.headers().collect();
                assert_eq!(headers[1..], [("ETag", etag), ("Vary", "Accept-Encoding")]);
                assert!(response.encode(false).ends_with(b"\r\n\r\n"));
            }
            for unknown in ["", "\"other\"", other, &etag[1..17], "W/\"*\""] {
                assert_eq!(answer(unknown).status_code(), 200, "{unknown}");
            }
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
