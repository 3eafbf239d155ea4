//! Value parsers. Wrap each in [`trimmed`], so that white space around a value, or around an item of a list, is ignored.

use std::ffi::OsStr;
use std::net::IpAddr;

use clap::builder::{BoolishValueParser, PossibleValue, RangedI64ValueParser, TypedValueParser};
use ipnet::IpNet;
use url::Url;

use crate::secret::Secret;

/// A parser that ignores white space around the value.
#[derive(Clone)]
pub struct Trimmed<P>(P);

/// Wraps a parser, so that white space around the value is ignored.
pub fn trimmed<P: TypedValueParser>(parser: P) -> Trimmed<P> {
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

/// A boolean as in the environment of a Django project: `true`, `1`, `yes`, `on` and their opposites, in any case.
pub fn boolean() -> Trimmed<BoolishValueParser> {
    trimmed(BoolishValueParser::new())
}

/// A number of seconds, from 1 to a century.
pub fn lifetime() -> Trimmed<RangedI64ValueParser<i64>> {
    // Adding a century to the present time does not overflow.
    trimmed(RangedI64ValueParser::<i64>::new().range(1..=3_155_760_000))
}

/// An http or https URL without a login, a query or a fragment.
pub fn public_url(text: &str) -> Result<Url, String> {
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

/// An origin as browsers send it: a scheme, a host, and a port unless it is the default of the scheme. Or `*` for any
/// origin.
pub fn origin(text: &str) -> Result<String, String> {
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

/// A network, or a single IP address.
pub fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse().map(|address: IpAddr| address.into()))
        .map_err(|_| "it must be an IP address or a network such as 10.0.0.0/8".to_owned())
}

/// The http or https URL of a trace collector, which can contain a password.
pub fn collector(text: &str) -> Result<Secret, String> {
    let url: Url = text.parse().map_err(|_| "it must be an address".to_owned())?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    is_http
        .then(|| Secret::new(text))
        .ok_or_else(|| "it must begin with http:// or https://".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_origins_and_networks_are_checked() {
        for url in ["https://shop.example.com", "http://localhost:8000/stock/"] {
            assert_eq!(public_url(url).unwrap(), Url::parse(url).unwrap());
        }
        for bad in [
            "shop",
            "ftp://a",
            "https://a?b",
            "https://a#b",
            "https://u:p@a",
            "mailto:a",
        ] {
            assert!(public_url(bad).is_err(), "{bad}");
        }
        for (text, found) in [
            ("*", Some("*")),
            ("https://A.example", Some("https://a.example")),
            ("https://a.example:443", None),
            ("https://a.example/path", None),
            ("null", None),
        ] {
            assert_eq!(origin(text).ok().as_deref(), found, "{text}");
        }
        assert_eq!(network("10.0.0.0/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(network("::1").unwrap().to_string(), "::1/128");
        assert!(network("10.0.0.0/33").is_err());
        assert!(collector("http://u:hunter2@localhost:4318").is_ok());
        for bad in ["localhost:4318", "file:///hunter2", "hunter2"] {
            assert!(!collector(bad).unwrap_err().contains("hunter2"), "{bad}");
        }
    }

    #[test]
    fn white_space_around_a_value_is_ignored() {
        let command = clap::Command::new("test")
            .arg(clap::Arg::new("on").long("on").value_parser(boolean()))
            .arg(clap::Arg::new("for").long("for").value_parser(lifetime()));
        let parse = |on, time| {
            command
                .clone()
                .try_get_matches_from(["test", "--on", on, "--for", time])
        };
        let matches = parse(" YES ", "\t60\n").unwrap();
        assert_eq!(matches.get_one::<bool>("on"), Some(&true));
        assert_eq!(matches.get_one::<i64>("for"), Some(&60));
        for (on, time) in [("maybe", "60"), ("on", "0"), ("off", "3155760001")] {
            assert!(parse(on, time).is_err(), "{on} {time}");
        }
    }
}
