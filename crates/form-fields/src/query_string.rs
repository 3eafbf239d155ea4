//! `QueryString`: the query parameters of a list.
//!
//! An empty parameter counts as absent and an unknown one is ignored. The error for an invalid parameter contains its name.

use url::form_urlencoded;

/// A parameter that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct ParameterError {
    pub name: String,
    /// A human-readable message.
    pub reason: String,
}

impl ParameterError {
    pub fn new(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            reason: reason.into(),
        }
    }
}

/// The parameters in the order in which they were sent.
#[derive(Clone, Debug)]
pub struct QueryString(Vec<(String, String)>);

impl QueryString {
    /// Parses a query string.
    pub fn parse(query: Option<&str>) -> Self {
        Self(
            form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// Returns the value of a parameter, or the last one if it was sent several times, as Django does.
    pub fn get(&self, name: &str) -> Option<&str> {
        let pair = self.0.iter().rev().find(|(key, _)| key == name);
        pair.map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Reads a parameter with a function that returns `None` for an invalid value.
    ///
    /// # Errors
    /// An error with this reason for an invalid value.
    pub fn read<T>(
        &self,
        name: &str,
        reason: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ParameterError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        read(value.trim())
            .map(Some)
            .ok_or_else(|| ParameterError::new(name, reason))
    }

    /// Reads a whole number, clamped to 128 bits.
    pub fn integer(&self, name: &str) -> Result<Option<i128>, ParameterError> {
        self.read(name, "A valid integer is required.", |text| {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let limit = if text.starts_with('-') {
                i128::MIN
            } else {
                i128::MAX
            };
            Some(text.parse().unwrap_or(limit))
        })
    }

    /// Returns the number of the requested page (the parameter `page`), which can be less than 1.
    pub fn page_number(&self) -> Result<i128, ParameterError> {
        Ok(self.integer("page")?.unwrap_or(1))
    }

    /// Returns the number of objects on a page (the parameter `page_size`). Larger numbers than `max` count as `max`.
    pub fn page_size(&self, default: u64, max: u64) -> Result<u64, ParameterError> {
        match self.integer("page_size")? {
            None => Ok(default),
            Some(size) if size < 1 => Err(ParameterError::new(
                "page_size",
                "Ensure this value is greater than or equal to 1.",
            )),
            Some(size) => Ok(u64::try_from(size).map_or(max, |size| size.min(max))),
        }
    }

    /// Returns the names in a list of names, separated by commas or in several parameters, as generated clients send them.
    pub fn names<'q>(&'q self, name: &str) -> impl Iterator<Item = &'q str> {
        let pairs = self.0.iter().filter(move |(key, _)| key == name);
        pairs
            .flat_map(|(_, text)| text.split(','))
            .map(str::trim)
            .filter(|name| !name.is_empty())
    }

    /// Returns the URL of another page with all other parameters. The first page has no `page` parameter.
    pub fn link(&self, collection: &str, page: u64) -> String {
        let mut parameters = form_urlencoded::Serializer::new(String::new());
        parameters.extend_pairs(self.0.iter().filter(|(name, _)| name != "page"));
        if page > 1 {
            parameters.append_pair("page", &page.to_string());
        }
        let parameters = parameters.finish();
        if parameters.is_empty() {
            collection.to_owned()
        } else {
            format!("{collection}?{parameters}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::QueryString;
    use crate::Page;

    #[test]
    fn the_last_value_counts_and_an_empty_one_is_absent() {
        let query = QueryString::parse(Some("a=1&a=2&b=&c=%20x%20&c"));
        assert_eq!(query.get("a"), Some("2"));
        assert_eq!(query.get("b"), None);
        assert_eq!(query.get("c"), None);
        assert_eq!(QueryString::parse(None).get("a"), None);
    }

    #[test]
    fn sizes_are_clamped_and_numbers_checked() {
        let size = |text: &str| QueryString::parse(Some(&format!("page_size={text}"))).page_size(10, 100);
        assert_eq!(size(""), Ok(10));
        assert_eq!(size("7"), Ok(7));
        assert_eq!(size("99999999999999999999999999999999999999999"), Ok(100));
        for text in [
            "0",
            "-1",
            "x",
            "1.5",
            "-99999999999999999999999999999999999999999",
        ] {
            assert_eq!(size(text).expect_err(text).name, "page_size");
        }
        let number = |text: &str| QueryString::parse(Some(text)).page_number();
        assert_eq!((number(""), number("page=-3")), (Ok(1), Ok(-3)));
    }

    #[test]
    fn names_come_from_all_parameters() {
        let query = QueryString::parse(Some("ordering=-title,%20id&x=y&ordering=,pages"));
        assert_eq!(
            query.names("ordering").collect::<Vec<_>>(),
            ["-title", "id", "pages"]
        );
    }

    #[test]
    fn links_keep_the_other_parameters() {
        let query = QueryString::parse(Some("page=2&search=a%26b&page_size=10"));
        let page = Page::<u8>::new("http://x/books/", &query, 2, 10, 21, Vec::new());
        let page = serde_json::to_value(page).expect("JSON");
        assert_eq!(page["next"], "http://x/books/?search=a%26b&page_size=10&page=3");
        assert_eq!(page["previous"], "http://x/books/?search=a%26b&page_size=10");
        let last = Page::<u8>::new("http://x/books/", &query, 3, 10, 21, Vec::new());
        assert_eq!(
            serde_json::to_value(last).expect("JSON")["next"],
            serde_json::Value::Null
        );
    }
}
