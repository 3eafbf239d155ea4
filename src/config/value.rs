//! Parsers of values. Each is wrapped in [`trimmed`], so that white space around a value, or around an item of a list, has
//! no meaning.

use std::ffi::OsStr;
use std::net::IpAddr;

use clap::builder::{BoolishValueParser, PossibleValue, RangedI64ValueParser, TypedValueParser};
use entity::event::Name;
use ipnet::IpNet;
use url::Url;

use super::secret::Secret;

/// A parser that ignores white space around the value.
#[derive(Clone)]
pub(super) struct Trimmed<P>(P);

pub(super) fn trimmed<P: TypedValueParser>(parser: P) -> Trimmed<P> {
    Trimmed(parser)
}

impl<P: TypedValueParser> TypedValueParser for Trimmed<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        let value = value.to_str().map_or(value, |text| OsStr::new(text.trim()));
        self.0.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}

/// A truth value as Django's environments write it: `true`, `1`, `yes`, `on` and their opposites, in any case.
pub(super) fn truth() -> Trimmed<BoolishValueParser> {
    trimmed(BoolishValueParser::new())
}

pub(super) fn lifetime() -> Trimmed<RangedI64ValueParser<i64>> {
    // A century: far enough, and no sum with the present overflows.
    trimmed(RangedI64ValueParser::<i64>::new().range(1..=3_155_760_000))
}

/// An http or https address without anything that identifies a user.
pub(super) fn public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must have no user name and no password".to_owned());
    }
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.has_host();
    if !matches!(url.scheme(), "http" | "https") || !is_plain {
        return Err("it must be an http or https address without a query".to_owned());
    }
    Ok(url)
}

pub(super) fn redis_url(text: &str) -> Result<Secret, String> {
    match redis::Client::open(text) {
        Ok(_) => Ok(Secret::new(text)),
        // The library's message may repeat the address.
        Err(_) => Err("it must be an address such as redis://localhost:6379".to_owned()),
    }
}

/// An origin as browsers send it: a scheme, a host, and a port where it is not the scheme's own.
pub(super) fn origin(text: &str) -> Result<String, String> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    let origin = Url::parse(text)
        .map_err(|error| error.to_string())?
        .origin()
        .ascii_serialization();
    if origin == text.trim_end_matches('/').to_ascii_lowercase() {
        Ok(origin)
    } else {
        Err("it must be an origin such as https://shop.example.com".to_owned())
    }
}

pub(super) fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse().map(|address: IpAddr| address.into()))
        .map_err(|_| "it must be an IP address or a network such as 10.0.0.0/8".to_owned())
}

pub(super) fn collector(text: &str) -> Result<Secret, String> {
    let url: Url = text.parse().map_err(|_| "it must be an address".to_owned())?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    is_http
        .then(|| Secret::new(text))
        .ok_or_else(|| "it must begin with http:// or https://".to_owned())
}

pub(super) fn event_name(text: &str) -> Result<Name, String> {
    Name::subscribable(text).ok_or_else(|| {
        format!(
            "the events are {}",
            Name::SUBSCRIBABLE.map(Name::as_str).join(", ")
        )
    })
}
