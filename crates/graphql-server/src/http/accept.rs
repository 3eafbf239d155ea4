//! Content negotiation: the `Accept` header against the four media types of a response.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// The media types in order of preference, which decides between types that a client accepts with the same quality.
const MEDIA_TYPES: [(MediaType, &str, &str); 4] = [
    (MediaType::GraphQlJson, "application", "graphql-response+json"),
    (MediaType::Json, "application", "json"),
    (MediaType::EventStream, "text", "event-stream"),
    (MediaType::Html, "text", "html"),
];

/// A media type that can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// `application/graphql-response+json`: the status shows whether anything was executed.
    GraphQlJson,
    /// `application/json`: the status is usually 200, even if nothing was executed.
    Json,
    /// `text/event-stream`.
    EventStream,
    /// `text/html`, for browsers.
    Html,
}

/// What a client accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AcceptedTypes {
    /// The media type that it prefers.
    pub best: MediaType,
    /// The JSON media type that it prefers, if it accepts any.
    pub json: Option<MediaType>,
    /// Whether it names `text/event-stream`; a wildcard does not count.
    pub events: bool,
}

impl AcceptedTypes {
    /// Reads the header; `None` when no media type is accepted.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(ACCEPT).iter().peekable();
        if values.peek().is_none() {
            return Some(Self {
                best: MediaType::Json,
                json: Some(MediaType::Json),
                events: false,
            });
        }
        let ranges: Vec<Range<'_>> = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(Range::parse)
            .collect();
        let rank = |entry: &&(MediaType, &str, &str)| quality(&ranges, entry.1, entry.2);
        let is_accepted = |entry: &&(MediaType, &str, &str)| rank(entry).is_some();
        // The list is reversed because `max_by_key` returns the last of several maxima.
        let best = |entries: &[(MediaType, &str, &str)]| {
            let best = entries.iter().rev().filter(is_accepted).max_by_key(rank)?;
            Some((best.0, rank(&best)?.1))
        };
        let json_types = MEDIA_TYPES.get(..2).unwrap_or_default();
        // Clients that accept anything expect plain JSON.
        let plain = |(ty, is_named): (MediaType, bool)| if is_named { ty } else { MediaType::Json };
        Some(Self {
            best: plain(best(&MEDIA_TYPES)?),
            json: best(json_types).map(plain),
            events: best(MEDIA_TYPES.get(2..3).unwrap_or_default()).is_some_and(|(_, is_named)| is_named),
        })
    }
}

/// The quality of a media type in thousandths, and whether the header names it; `None` when it is not accepted.
fn quality(ranges: &[Range<'_>], kind: &str, subtype: &str) -> Option<(u16, bool)> {
    let range = ranges
        .iter()
        .filter(|range| range.covers(kind, subtype))
        .max_by_key(|range| range.precision())?;
    (range.quality > 0).then_some((range.quality, range.precision() == 2))
}

/// A media range.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let quality = quality.map_or(Some(1.0), |quality| quality.trim().parse::<f32>().ok())?;
        if !(0.0..=1.0).contains(&quality) {
            return None;
        }
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 1,000"
        )]
        let quality = (quality * 1000.0).round() as u16;
        Some(Self {
            kind,
            subtype,
            quality,
        })
    }

    fn covers(&self, kind: &str, subtype: &str) -> bool {
        (self.kind == "*" || self.kind.eq_ignore_ascii_case(kind))
            && (self.subtype == "*" || self.subtype.eq_ignore_ascii_case(subtype))
    }

    fn precision(&self) -> usize {
        usize::from(self.kind != "*") + usize::from(self.subtype != "*")
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn negotiate(accept: &'static str) -> Option<(MediaType, Option<MediaType>, bool)> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        AcceptedTypes::from_headers(&headers).map(|accepted| (accepted.best, accepted.json, accepted.events))
    }

    #[test]
    fn the_preferred_media_type() {
        use MediaType::{EventStream, GraphQlJson, Html, Json};
        for (accept, expected) in [
            (
                "application/graphql-response+json",
                Some((GraphQlJson, Some(GraphQlJson), false)),
            ),
            ("application/json", Some((Json, Some(Json), false))),
            ("application/JSON; charset=utf-8", Some((Json, Some(Json), false))),
            ("*/*", Some((Json, Some(Json), false))),
            ("application/*", Some((Json, Some(Json), false))),
            (
                "application/json, application/graphql-response+json",
                Some((GraphQlJson, Some(GraphQlJson), false)),
            ),
            (
                "application/graphql-response+json;q=0.8, application/json",
                Some((Json, Some(Json), false)),
            ),
            (
                "application/graphql-response+json, */*;q=0.1",
                Some((GraphQlJson, Some(GraphQlJson), false)),
            ),
            ("text/event-stream", Some((EventStream, None, true))),
            (
                "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
                Some((GraphQlJson, Some(GraphQlJson), true)),
            ),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
                Some((Html, Some(Json), false)),
            ),
            (
                "text/html;q=0.5, application/json",
                Some((Json, Some(Json), false)),
            ),
            ("text/*", Some((Json, None, false))),
            ("application/json;q=0, */*", Some((Json, Some(Json), false))),
            ("text/plain", None),
            ("application/json;q=0", None),
            ("application/json;q=2", None),
            ("", None),
        ] {
            assert_eq!(negotiate(accept), expected, "{accept}");
        }
        assert_eq!(
            AcceptedTypes::from_headers(&HeaderMap::new()).map(|accepted| accepted.best),
            Some(Json)
        );
    }
}
