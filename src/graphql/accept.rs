//! What a client takes: the `Accept` header against the four forms that an answer of `/graphql` can have.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// The forms of an answer, the most preferred first where the client has no preference.
const FORMS: [(Form, &str, &str); 4] = [
    (Form::GraphQlJson, "application", "graphql-response+json"),
    (Form::Json, "application", "json"),
    (Form::Events, "text", "event-stream"),
    (Form::Page, "text", "html"),
];

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `application/graphql-response+json`: the status says whether anything was executed.
    GraphQlJson,
    /// `application/json`: the status says that there is an answer.
    Json,
    /// `text/event-stream`.
    Events,
    /// `text/html`: a browser wants to see something.
    Page,
}

/// What a client takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// What it takes best.
    pub best: Form,
    /// The kind of JSON that it takes best, if any.
    pub json: Option<Form>,
    /// Whether it names server-sent events.
    pub events: bool,
}

impl Accepted {
    /// Reads the header; nothing when no form is taken.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(ACCEPT).iter().peekable();
        if values.peek().is_none() {
            return Some(Self {
                best: Form::Json,
                json: Some(Form::Json),
                events: false,
            });
        }
        let ranges: Vec<Range<'_>> = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(Range::read)
            .collect();
        let taken = |form: &&(Form, &str, &str)| quality(&ranges, form.1, form.2).is_some();
        let rank = |form: &&(Form, &str, &str)| quality(&ranges, form.1, form.2);
        // The last of those that rank highest, so from the back.
        let best = |forms: &[(Form, &str, &str)]| {
            let best = forms.iter().rev().filter(taken).max_by_key(rank)?;
            Some((best.0, rank(&best)?.1))
        };
        let json_forms = FORMS.get(..2).unwrap_or_default();
        // Clients that take anything have always been given plain JSON.
        let plain = |(form, named): (Form, bool)| if named { form } else { Form::Json };
        Some(Self {
            best: plain(best(&FORMS)?),
            json: best(json_forms).map(plain),
            events: best(FORMS.get(2..3).unwrap_or_default()).is_some_and(|(_, named)| named),
        })
    }
}

/// How much a client likes a form, in thousandths, and whether it names it: none when it refuses it.
fn quality(ranges: &[Range<'_>], kind: &str, subtype: &str) -> Option<(u16, bool)> {
    let range = ranges
        .iter()
        .filter(|range| range.covers(kind, subtype))
        .max_by_key(|range| range.precision())?;
    (range.quality > 0).then_some((range.quality, range.precision() == 2))
}

/// One part of the header.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    quality: u16,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
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

    fn of(accept: &'static str) -> Option<(Form, Option<Form>, bool)> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        Accepted::of(&headers).map(|accepted| (accepted.best, accepted.json, accepted.events))
    }

    #[test]
    fn what_is_taken_best() {
        use Form::{Events, GraphQlJson, Json, Page};
        for (accept, taken) in [
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
            ("text/event-stream", Some((Events, None, true))),
            (
                "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
                Some((GraphQlJson, Some(GraphQlJson), true)),
            ),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
                Some((Page, Some(Json), false)),
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
            assert_eq!(of(accept), taken, "{accept}");
        }
        assert_eq!(
            Accepted::of(&HeaderMap::new()).map(|accepted| accepted.best),
            Some(Json)
        );
    }
}
