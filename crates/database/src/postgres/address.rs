//! Converts the URL of a server to the driver's settings. Error messages don't show the URL, as it may contain a password.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sea_orm::DbErr;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls::{self, CertificateCheck, Files};

/// The time limit for connecting, divided equally among the hosts.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// PostgreSQL's default port.
const DEFAULT_PORT: u16 = 5432;

/// The servers, and how to connect to them.
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
    /// Whether the URL contains `statement-cache-capacity=0`, so that statements are not prepared.
    pub(super) disables_prepared_statements: bool,
    /// Whether the URL contains options of the session: `options` or `options[name]`.
    pub(super) has_options: bool,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, DbErr> {
        let wrong = |reason: &str| DbErr::Custom(format!("the PostgreSQL URL can't be used: {reason}"));
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut mode = "prefer".to_owned();
        let mut files = Files::default();
        let mut disables_prepared_statements = false;
        let mut options = Vec::new();
        let mut driver_parameters = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "sslmode" | "ssl-mode" => mode = value.to_ascii_lowercase(),
                "sslrootcert" | "ssl-root-cert" | "ssl-ca" => files.authorities = Some(value.into_owned()),
                "sslcert" | "ssl-cert" => files.certificate = Some(value.into_owned()),
                "sslkey" | "ssl-key" => files.key = Some(value.into_owned()),
                "statement-cache-capacity" => disables_prepared_statements = value == "0",
                "options" => options.push(value.into_owned()),
                option if option.starts_with("options[") => {
                    let option = option.trim_start_matches("options[").trim_end_matches(']');
                    options.push(format!(
                        "-c {option}={}",
                        value.replace('\\', "\\\\").replace(' ', "\\ ")
                    ));
                }
                _ => driver_parameters.push(format!(
                    "{}={}",
                    name,
                    utf8_percent_encode(&value, NON_ALPHANUMERIC)
                )),
            }
        }
        let mut config: Config = format!("postgres://?{}", driver_parameters.join("&"))
            .parse()
            .map_err(|_| wrong("a parameter is unknown or malformed"))?;
        add_authority(&mut config, base).ok_or_else(|| wrong("a part of it is malformed"))?;
        let (ssl_mode, check) = match mode.as_str() {
            "disable" => (SslMode::Disable, CertificateCheck::Nothing),
            "allow" | "prefer" => (SslMode::Prefer, CertificateCheck::Nothing),
            // As in PostgreSQL's own clients, `sslrootcert` makes `require` check the authority.
            "require" if files.authorities.is_some() => (SslMode::Require, CertificateCheck::Authority),
            "require" => (SslMode::Require, CertificateCheck::Nothing),
            "verify-ca" => (SslMode::Require, CertificateCheck::Authority),
            "verify-full" => (SslMode::Require, CertificateCheck::Host),
            _ => return Err(wrong("its sslmode is unknown")),
        };
        config.ssl_mode(ssl_mode);
        if config.get_connect_timeout().is_none() {
            let hosts = config.get_hosts().len().max(config.get_hostaddrs().len()).max(1);
            config.connect_timeout(CONNECT_TIMEOUT / u32::try_from(hosts).unwrap_or(1));
        }
        if !options.is_empty() {
            config.options(options.join(" "));
        }
        Ok(Self {
            tls: tls::connector(check, &files).map_err(|error| wrong(&error))?,
            config,
            disables_prepared_statements,
            has_options: !options.is_empty(),
        })
    }

    /// The servers, for messages: `db1:5432, db2:5433`.
    pub(super) fn servers(&self) -> String {
        let ports = self.config.get_ports();
        let port = |index: usize| {
            ports
                .get(index)
                .or(ports.first())
                .copied()
                .unwrap_or(DEFAULT_PORT)
        };
        let mut servers = Vec::new();
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            servers.push(match host {
                Host::Tcp(name) if name.contains(':') => format!("[{name}]:{}", port(index)),
                Host::Tcp(name) => format!("{name}:{}", port(index)),
                #[cfg(unix)]
                Host::Unix(path) => format!("{}:{}", path.display(), port(index)),
            });
        }
        if servers.is_empty() {
            let addresses = self.config.get_hostaddrs().iter().enumerate();
            servers.extend(addresses.map(|(index, address)| format!("{address}:{}", port(index))));
        }
        servers.join(", ")
    }
}

/// Adds the part of the URL before the `?`. The login ends at the last `@` and the user at the first `:`, so that a
/// password may contain both. Parameters take precedence. `None` if a part is malformed.
fn add_authority(config: &mut Config, base: &str) -> Option<()> {
    let (_, rest) = base.split_once("://")?;
    let (authority, name) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (login, None),
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(String::from);
    if config.get_user().is_none() && !user.is_empty() {
        config.user(decoded(user)?);
    }
    if let (None, Some(password)) = (config.get_password(), password) {
        config.password(decoded(password)?);
    }
    if config.get_dbname().is_none() && !name.is_empty() {
        config.dbname(decoded(name)?);
    }
    let is_host_given = !config.get_hosts().is_empty();
    let is_port_given = !config.get_ports().is_empty();
    for part in hosts.split(',') {
        let (host, port) = match part.strip_prefix('[').and_then(|part| part.split_once(']')) {
            Some((address, "")) => (address, None),
            Some((address, rest)) => (address, Some(rest.strip_prefix(':')?)),
            None => match part.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (part, None),
            },
        };
        if !is_host_given {
            let host = decoded(host)?;
            config.host(if host.is_empty() { "localhost" } else { &host });
        }
        match port {
            Some(port) if !is_port_given => _ = config.port(port.parse().ok()?),
            None if !is_port_given && !is_host_given => _ = config.port(DEFAULT_PORT),
            _ => {}
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::TargetSessionAttrs;

    use super::*;

    fn parsed(url: &str) -> Address {
        Address::parse(url).map_err(|error| error.to_string()).expect(url)
    }

    #[test]
    fn hosts_and_ports() {
        for (url, servers) in [
            ("postgres://u:p@db/shop", "db:5432"),
            ("postgres://u:p@[::1]:5433/shop", "[::1]:5433"),
            ("postgres:///shop", "localhost:5432"),
            ("postgres://u:p@ss@db", "db:5432"),
            ("postgres://u@db?port=5433", "db:5433"),
            ("postgres://u@db:5434/shop?host=%3A%3A1", "[::1]:5434"),
            ("postgres://u@[::1]:5433,b/shop", "[::1]:5433, b:5432"),
            (
                "postgres://u@a:1,b:2/shop?target_session_attrs=read-write",
                "a:1, b:2",
            ),
            (
                "postgres:///shop?host=%2Frun%2Fpostgresql",
                "/run/postgresql:5432",
            ),
        ] {
            assert_eq!(parsed(url).servers(), servers, "{url}");
        }
        let several = parsed("postgres://u@a,b/shop?target_session_attrs=read-write");
        assert_eq!(
            several.config.get_target_session_attrs(),
            TargetSessionAttrs::ReadWrite
        );
    }

    #[test]
    fn parameters_of_the_session() {
        let address =
            parsed("postgres://u:p%23@h/d?options=-c%20search_path%3Dshop&options[lock_timeout]=1s");
        assert_eq!(
            address.config.get_options(),
            Some("-c search_path=shop -c lock_timeout=1s")
        );
        assert_eq!(address.config.get_password(), Some(&b"p#"[..]));
        assert_eq!(address.config.get_dbname(), Some("d"));
        assert_eq!(
            parsed("postgres://u:p@ss@h/d").config.get_password(),
            Some(&b"p@ss"[..])
        );
        assert!(parsed("postgres://u@h/d?statement-cache-capacity=0").disables_prepared_statements);
    }

    #[test]
    fn errors_do_not_show_the_url() {
        for url in [
            "postgres://u:hunter2@h/d?sslmode=hunter2",
            "postgres://u:hunter2@h/d?hunter2=1",
            "postgres://u:hunter2@h:x/d",
            "postgres://u:hunter2@h/d?sslmode=verify-full&sslrootcert=/hunter2",
        ] {
            let message = Address::parse(url).err().expect(url).to_string();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
