//! The value of a string in triple quotes.

/// Removes the common indentation of all lines but the first, and the blank lines at both ends, and joins the rest with
/// `\n`. Blank lines contain only spaces and tabs.
pub(crate) fn dedent(raw: &str) -> String {
    let lines = || Lines { rest: Some(raw) };
    let mut common_indent = usize::MAX;
    let mut range = None;
    for (index, line) in lines().enumerate() {
        let indent = indentation(line);
        if indent == line.len() {
            continue;
        }
        let (first, _) = range.unwrap_or((index, index));
        range = Some((first, index));
        if index > 0 {
            common_indent = common_indent.min(indent);
        }
    }
    let Some((first, last)) = range else {
        return String::new();
    };
    let mut value = String::with_capacity(raw.len());
    for (index, line) in lines().enumerate().take(last + 1).skip(first) {
        if index > first {
            value.push('\n');
        }
        let indent = if index == 0 { 0 } else { common_indent };
        // A blank line can be shorter than the common indentation.
        push_unescaped(&mut value, line.get(indent..).unwrap_or_default());
    }
    value
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

fn push_unescaped(value: &mut String, line: &str) {
    let mut parts = line.split("\\\"\"\"");
    value.push_str(parts.next().unwrap_or_default());
    for part in parts {
        value.push_str("\"\"\"");
        value.push_str(part);
    }
}

/// Lines that end at `\n`, `\r` or `\r\n`. `str::lines` does not split at `\r` and omits an empty last line.
struct Lines<'a> {
    rest: Option<&'a str>,
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest?;
        let Some(end) = text.find(['\n', '\r']) else {
            self.rest = None;
            return Some(text);
        };
        let (line, rest) = text.split_at(end);
        self.rest = rest.strip_prefix("\r\n").or_else(|| rest.get(1..));
        Some(line)
    }
}
