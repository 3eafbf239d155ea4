//! `stockroom demo`: everything to try, with sample data and users, in a file that is gone afterwards.

use std::io::IsTerminal as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;

use database::Location;

use super::serve::{self, Stop};
use super::{load, sample_data, seed};
use crate::clock::Clock;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::resolvers::account::{self, NewUser};
use crate::schema;
use crate::services::Services;

/// Products of the demo's shop.
const PRODUCTS: usize = 240;
/// Which of the made-up shops it is.
const SEED: u64 = 1;

/// The users: name, superuser, group, and what that means.
const USERS: [(&str, bool, Option<&str>, &str); 3] = [
    ("admin", true, None, "may do everything"),
    (
        "manager",
        false,
        Some("Manager"),
        "adds and changes, deletes nothing",
    ),
    ("viewer", false, None, "reads"),
];

/// Where to look first: path, and what is there.
const PLACES: [(&str, &str); 5] = [
    ("/", "where to begin"),
    ("/graphql", "GraphiQL: write queries, see the schema"),
    ("/docs", "the REST API, each route to try"),
    ("/api/v1/", "the REST API itself"),
    ("/livez", "whether it is alive"),
];

/// Runs the command.
pub async fn run(config: Config) -> Result<ExitCode> {
    let stop = Stop::hear()?;
    // The address first: where a demo is running already, this one ends before it has made anything.
    let listener = serve::listen(config.bind).await?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let directory = tempfile::Builder::new()
        .prefix("stockroom-demo-")
        .tempdir()
        .map_err(Error::internal)?;
    let file = directory.path().join("stockroom.db");
    let config = Config {
        database_url: Location::Sqlite(file.clone()),
        // A generated one, beside the file.
        secret_key: None,
        ..config
    };
    let services = Services::open(config, Clock::system()).await?;
    schema::migrate_up(&services.db).await?;
    let ctx = Ctx::system(services.clone());
    let shop = sample_data::shop(PRODUCTS, SEED, ctx.now);
    let contents = seed::contents(&shop);
    load::stock(&ctx, shop).await?;
    let passwords = make_users(&ctx).await?;
    super::print(&welcome(address, &contents, &passwords, &file))?;
    let code = serve::answer(services, listener, stop).await?;
    super::print("Stopped. The sample data is gone.")?;
    Ok(code)
}

/// Makes the users and returns their passwords.
async fn make_users(ctx: &Ctx) -> Result<Vec<String>> {
    let mut passwords = Vec::new();
    for (username, is_superuser, group, _) in USERS {
        let password = password();
        let user = NewUser {
            username: username.to_owned(),
            password: password.clone(),
            is_superuser,
            groups: group.into_iter().map(str::to_owned).collect(),
        };
        account::create(ctx, user).await?;
        passwords.push(password);
    }
    Ok(passwords)
}

/// Words that are easy to read out and to type.
const WORDS: [&str; 64] = [
    "amber", "apple", "aspen", "basil", "beacon", "birch", "bison", "bramble", "canyon", "cedar", "cherry",
    "cliff", "clover", "comet", "copper", "coral", "crane", "delta", "ember", "falcon", "fern", "fjord",
    "garnet", "ginger", "glade", "harbor", "hazel", "heron", "indigo", "ivory", "jasper", "juniper",
    "lagoon", "larch", "lemon", "lichen", "linen", "maple", "marble", "meadow", "mango", "nectar", "ocean",
    "olive", "orchid", "otter", "pebble", "pepper", "pine", "plum", "quartz", "raven", "reed", "robin",
    "saffron", "sage", "sparrow", "spruce", "thistle", "timber", "tulip", "velvet", "walnut", "willow",
];

/// Two words and four digits: one in forty million, for an hour on one's own machine.
fn password() -> String {
    let word = || WORDS.get(rand::random_range(0..WORDS.len())).unwrap_or(&"stock");
    format!("{}-{}-{:04}", word(), word(), rand::random_range(0..10_000))
}

/// The address as a browser on this machine reaches it.
fn url(address: SocketAddr) -> String {
    let ip = address.ip();
    if ip.is_unspecified() || ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

/// What there is and what to do with it.
fn welcome(address: SocketAddr, contents: &str, passwords: &[String], file: &Path) -> String {
    let url = url(address);
    let terminal = std::io::stdout().is_terminal();
    let mut lines = vec![
        String::new(),
        entry(terminal, "Stockroom", contents),
        String::new(),
    ];

    let width = url.len() + 12;
    let mut head = "Open";
    for (path, what) in PLACES {
        lines.push(entry(
            terminal,
            head,
            &format!("{:width$}{what}", format!("{url}{path}")),
        ));
        head = "";
    }
    lines.push(String::new());

    head = "Log in";
    for ((username, _, _, what), password) in USERS.iter().zip(passwords) {
        let both = format!("{username:10}{password}");
        lines.push(entry(terminal, head, &format!("{both:width$}{what}")));
        head = "";
    }
    lines.push(String::new());

    lines.push(entry(terminal, "Try", "paste this into another terminal:"));
    lines.push(String::new());
    let password = passwords.first().map_or("", String::as_str);
    lines.push(format!(
        r#"TOKEN=$(curl -s {url}/api/v1/authentication/token/ \
  -H 'Content-Type: application/json' \
  -d '{{"username":"admin","password":"{password}"}}' | cut -d '"' -f 4)
curl -s '{url}/api/v1/products/?page_size=2' -H "Authorization: Bearer $TOKEN""#
    ));
    lines.push(String::new());

    lines.push(entry(
        terminal,
        "Data",
        &format!("{}, until this ends", file.display()),
    ));
    lines.push(entry(terminal, "End", "Ctrl-C"));
    lines.push(String::new());
    lines.join("\n")
}

/// A line with its heading, bold in a terminal.
fn entry(terminal: bool, head: &str, text: &str) -> String {
    let head = format!("{head:11}");
    if terminal {
        format!("  \x1b[1m{head}\x1b[0m{text}")
    } else {
        format!("  {head}{text}")
    }
}
