//! Checks the URL of a PostgreSQL database before a driver parses it, since drivers quote invalid parts in errors and logs.

use percent_encoding::percent_decode_str;
use url::Url;

/// The error for a URL that can't be split into its parts, most often because of special characters in the password.
const UNREADABLE: &str = "it must be postgres://USER:PASSWORD@HOST:PORT/NAME; in a user name or password the characters \
     @ : / ? # [ ] % and spaces must be percent-encoded, such as %23 for #";

/// The values of `sslmode`.
const SSL_MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

/// The values of `target_session_attrs`.
const TARGETS: [&str; 3] = ["any", "read-write", "read-only"];

/// Checks the URL of a PostgreSQL database.
///
/// # Errors
/// A message that shows no part of the URL.
pub fn postgres_url(text: &str) -> Result<String, String> {
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        return Err("it must begin with postgres://, without quotes".to_owned());
    }
    for url in split_hosts(text).ok_or(UNREADABLE)? {
        check(&url)?;
    }
    Ok(text.to_owned())
}

/// Splits a URL with several hosts, such as `postgres://u@a:1,b:2/d`, into one URL for each host, since the general syntax
/// of URLs allows only one.
fn split_hosts(text: &str) -> Option<Vec<String>> {
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (format!("{login}@"), hosts),
        None => (String::new(), authority),
    };
    // The host can be a parameter instead, but the general syntax requires a host after a login.
    let hosts = if hosts.is_empty() && path.contains("host=") {
        "localhost".split(',')
    } else {
        hosts.split(',')
    };
    Some(
        hosts
            .map(|host| format!("{scheme}://{login}{host}{path}"))
            .collect(),
    )
}

/// Checks the parts of a URL with one host.
fn check(text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|_| UNREADABLE)?;
    let name = url.path().strip_prefix('/').unwrap_or_default();
    let parts = [
        url.username(),
        url.password().unwrap_or_default(),
        url.host_str().unwrap_or_default(),
        name,
    ];
    let is_readable = url.fragment().is_none()
        && !name.contains(['/', '@', ':'])
        && !url.query().is_some_and(|query| query.contains('@'))
        && parts.into_iter().all(is_text);
    if !is_readable {
        return Err(UNREADABLE.to_owned());
    }
    for (name, value) in url.query_pairs() {
        check_parameter(&name, &value)?;
    }
    Ok(())
}

/// Whether the decoded part is UTF-8 without NUL.
fn is_text(part: &str) -> bool {
    percent_decode_str(part)
        .decode_utf8()
        .is_ok_and(|text| !text.contains('\0'))
}

/// Checks a parameter. Unknown ones are refused, since the driver would log them with their values.
fn check_parameter(name: &str, value: &str) -> Result<(), String> {
    let is_valid = match name {
        "sslmode" | "ssl-mode" => SSL_MODES.contains(&value.to_ascii_lowercase().as_str()),
        "port" => value.parse::<u16>().is_ok(),
        "statement-cache-capacity" => value.parse::<u32>().is_ok(),
        "hostaddr" => value.parse::<std::net::IpAddr>().is_ok(),
        "host" => !value.is_empty() && !value.split(',').any(str::is_empty),
        "target_session_attrs" => TARGETS.contains(&value),
        "sslrootcert" | "ssl-root-cert" | "ssl-ca" | "sslcert" | "ssl-cert" | "sslkey" | "ssl-key"
        | "dbname" | "user" | "password" | "application_name" | "options" => true,
        other => other.starts_with("options[") && other.ends_with(']'),
    };
    if is_valid && !value.contains('\0') {
        return Ok(());
    }
    Err(format!(
        "it has a parameter after ? that is unknown or can't be read; known ones are sslmode ({}), sslrootcert, sslcert, \
         sslkey, host, hostaddr, port, dbname, user, password, application_name, options, target_session_attrs and \
         statement-cache-capacity. If the ? is part of a password, write it as %3F",
        SSL_MODES.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::postgres_url;

    #[test]
    fn valid_urls_are_accepted() {
        for url in [
            "postgres://u:p@h/d",
            "postgresql://u:p%23%2F%3F%40@h:5433/d?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgres:///d?host=/var/run/postgresql",
            "postgres://u:p@ss@h/d",
            "postgres://u@h",
            "postgres://u:p@h/d?options=-c%20search_path%3Dshop&options[lock_timeout]=1s",
            "postgres://u:p@[::1]:5433/d",
            "postgres://u:p@a:5433,[::1],c/d?target_session_attrs=read-write",
            "postgres://u@/d?host=a,b",
        ] {
            assert_eq!(postgres_url(url).as_deref(), Ok(url), "{url}");
        }
    }

    #[test]
    fn invalid_urls_are_refused_and_not_shown() {
        for url in [
            "postgres://u:hunter2#x@127.0.0.1:1/d",
            "postgres://u:/ab?cd=hunter2@h/d",
            "postgres://u:12/hunter2@h/d",
            "postgres://u:12?hunter2@h/d",
            "postgres://u:12#hunter2@h/d",
            "postgres://u:12?sslmode=hunter2",
            "postgres://u:p@h/d?sslmode=hunter2",
            "postgres://u:p@h/d?port=hunter2",
            "postgres://u:p@h/d?hunter2=x",
            "postgres://u:p@h/d?host=hunter2,,b",
            "postgres://u:p@h/d?target_session_attrs=hunter2",
            "postgres://u:hunter2@a:1,b:port/d",
            "postgres://u:hunter2%ff@h/d",
            "postgres://u:hunter2%00@h/d",
            "postgres://u:hunter2@h:port/d",
            "postgres://u:hunter2@/d",
            "\"postgres://u:hunter2@h/d\"",
            "mysql://u:hunter2@h/d",
        ] {
            let message = postgres_url(url).expect_err(url);
            assert!(!message.contains("hunter2"), "{url}: {message}");
        }
    }
}
