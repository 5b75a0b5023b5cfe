//! The files of the console, out of the program itself.
//!
//! Hides: compressed variants, entity tags, caching, and the address that every page of the console falls back to.
//! Knows nothing of: what the console does; sign-in happens when it calls the API.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, Response, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

/// The built console. A program that is built without it serves `NOT_BUILT` in its place.
#[derive(RustEmbed)]
#[folder = "../../console/dist"]
#[allow_missing = true]
struct Files;

/// The page of the console; every address that names no file is shown by it.
const PAGE: &str = "index.html";

/// Files below it have the hash of their content in their name, so they never change.
const HASHED_FOLDER: &str = "assets/";

/// Shown when the program was built without the console.
const NOT_BUILT: &str = include_str!("console/not_built.html");

/// Encodings in the order of preference, with the ending of the file that holds each.
const ENCODINGS: &[(&str, &str)] = &[("br", ".br"), ("gzip", ".gz")];

/// Answers a request for a file of the console.
pub(crate) async fn serve(request: Request) -> Response<Body> {
    let path = request.uri().path().trim_start_matches('/');
    let names_a_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    match Variant::of(path, request.headers()) {
        Some(variant) => variant.answer(path, request.headers()),
        None if names_a_file => status_only(StatusCode::NOT_FOUND),
        None => match Variant::of(PAGE, request.headers()) {
            Some(variant) => variant.answer(PAGE, request.headers()),
            None => not_built(),
        },
    }
}

/// A file in the encoding that a client takes.
struct Variant {
    file: EmbeddedFile,
    encoding: Option<&'static str>,
}

impl Variant {
    fn of(path: &str, headers: &HeaderMap) -> Option<Self> {
        let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let packed = ENCODINGS.iter().filter(|(encoding, _)| accepts(accepted, encoding)).find_map(
            |(encoding, ending)| {
                Some(Self { file: Files::get(&format!("{path}{ending}"))?, encoding: Some(encoding) })
            },
        );
        packed.or_else(|| Some(Self { file: Files::get(path)?, encoding: None }))
    }

    fn answer(self, path: &str, headers: &HeaderMap) -> Response<Body> {
        let tag = entity_tag(&self.file);
        let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let unchanged = known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag);
        let caching =
            if path.starts_with(HASHED_FOLDER) { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mut answer = Response::builder()
            .header(ETAG, tag)
            .header(CACHE_CONTROL, caching)
            .header(VARY, "accept-encoding")
            .header(CONTENT_TYPE, content_type(path));
        if let Some(encoding) = self.encoding {
            answer = answer.header(CONTENT_ENCODING, encoding);
        }
        let answer = if unchanged {
            answer.status(StatusCode::NOT_MODIFIED).body(Body::empty())
        } else {
            answer.body(Body::from(self.file.data.into_owned()))
        };
        answer.expect("entity tags and content types are plain ASCII")
    }
}

/// Whether a list such as `gzip, br;q=0.5` takes `encoding` (RFC 9110 12.5.3).
fn accepts(list: &str, encoding: &str) -> bool {
    list.split(',').any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        named && !refused
    })
}

fn entity_tag(file: &EmbeddedFile) -> String {
    let hash: String = file.metadata.sha256_hash().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hash}\"")
}

fn content_type(path: &str) -> String {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let needs_charset = kind.type_() == "text" || kind.subtype() == "javascript" || kind.subtype() == "json";
    if needs_charset { format!("{kind}; charset=utf-8") } else { kind.to_string() }
}

fn status_only(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}

fn not_built() -> Response<Body> {
    Response::builder()
        .header(CONTENT_TYPE, "text/html; charset=utf-8")
        .header(CACHE_CONTROL, "no-store")
        .body(Body::from(NOT_BUILT))
        .expect("two constant headers are valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_taken_only_when_the_client_wants_it() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("gzip;q=0.8, BR", "br"));
        assert!(!accepts("gzip, deflate", "br"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("", "gzip"));
    }
}
