//! `stockroom demo`: serves sample data with a few users from a temporary database.

use std::io::IsTerminal as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;

use database::Location;

use super::output::print;
use super::serve::{self, Stop};
use super::{load, seed};
use sample_data::Shop;

use crate::clock::Clock;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::resolvers::account::{self, NewUser};
use crate::schema;
use crate::services::Services;

const PRODUCTS: usize = 240;
const SEED: u64 = 1;

/// The users: name, whether the user is a superuser, group, and a summary of the permissions.
const USERS: [(&str, bool, Option<&str>, &str); 3] = [
    ("admin", true, None, "may do everything"),
    (
        "manager",
        false,
        Some("Manager"),
        "may add and change, but not delete",
    ),
    ("viewer", false, None, "may read"),
];

/// The pages to visit: path and content.
const PAGES: [(&str, &str); 5] = [
    ("/", "the start page"),
    ("/graphql", "GraphiQL: write queries, browse the schema"),
    ("/docs", "the REST API reference"),
    ("/api/v1/", "the REST API"),
    ("/livez", "the liveness probe"),
];

pub(super) async fn run(config: Config) -> Result<ExitCode> {
    let stop = Stop::listen()?;
    // Listen first, so that a second demo on the same address fails before it has created anything.
    let listener = serve::listen(config.bind).await?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let directory = tempfile::Builder::new()
        .prefix("stockroom-demo-")
        .tempdir()
        .map_err(Error::internal)?;
    let file = directory.path().join("stockroom.db");
    let config = Config {
        database_url: Location::Sqlite(file.clone()),
        // A key is generated and stored in a file next to the database.
        secret_key: None,
        ..config
    };
    let services = Services::open(config, Clock::system()).await?;
    schema::migrate_up(&services.db).await?;
    let ctx = Ctx::system(services.clone());
    let shop = Shop::generate(PRODUCTS, SEED, ctx.now);
    let contents = seed::contents(&shop);
    load::store(&ctx, shop).await?;
    let passwords = create_users(&ctx).await?;
    print(&welcome(address, &contents, &passwords, &file))?;
    let code = serve::run_until_stopped(services, listener, stop).await?;
    print("Stopped. The sample data was deleted.")?;
    Ok(code)
}

/// Creates the users and returns their passwords.
async fn create_users(ctx: &Ctx) -> Result<Vec<String>> {
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

/// Words that are easy to read and to type.
const WORDS: [&str; 64] = [
    "amber", "apple", "aspen", "basil", "beacon", "birch", "bison", "bramble", "canyon", "cedar", "cherry",
    "cliff", "clover", "comet", "copper", "coral", "crane", "delta", "ember", "falcon", "fern", "fjord",
    "garnet", "ginger", "glade", "harbor", "hazel", "heron", "indigo", "ivory", "jasper", "juniper",
    "lagoon", "larch", "lemon", "lichen", "linen", "maple", "marble", "meadow", "mango", "nectar", "ocean",
    "olive", "orchid", "otter", "pebble", "pepper", "pine", "plum", "quartz", "raven", "reed", "robin",
    "saffron", "sage", "sparrow", "spruce", "thistle", "timber", "tulip", "velvet", "walnut", "willow",
];

/// Returns two words and four digits: one of 40 million passwords, which is enough for a short demo on a local machine.
fn password() -> String {
    let word = || WORDS.get(rand::random_range(0..WORDS.len())).unwrap_or(&"stock");
    format!("{}-{}-{:04}", word(), word(), rand::random_range(0..10_000))
}

/// Returns the URL for a browser on this machine.
fn url(address: SocketAddr) -> String {
    let ip = address.ip();
    if ip.is_unspecified() || ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

fn welcome(address: SocketAddr, contents: &str, passwords: &[String], file: &Path) -> String {
    let url = url(address);
    let terminal = std::io::stdout().is_terminal();
    let mut lines = vec![
        String::new(),
        entry(terminal, "Stockroom", contents),
        String::new(),
    ];

    let width = url.len() + 12;
    let mut heading = "Open";
    for (path, content) in PAGES {
        lines.push(entry(
            terminal,
            heading,
            &format!("{:width$}{content}", format!("{url}{path}")),
        ));
        heading = "";
    }
    lines.push(String::new());

    heading = "Log in";
    for ((username, _, _, summary), password) in USERS.iter().zip(passwords) {
        let credentials = format!("{username:10}{password}");
        lines.push(entry(
            terminal,
            heading,
            &format!("{credentials:width$}{summary}"),
        ));
        heading = "";
    }
    lines.push(String::new());

    lines.push(entry(terminal, "Try", "run this in another terminal:"));
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
        &format!("{}, deleted at the end", file.display()),
    ));
    lines.push(entry(terminal, "Stop", "Ctrl-C"));
    lines.push(String::new());
    lines.join("\n")
}

/// Returns a line with its heading, which is bold in a terminal.
fn entry(terminal: bool, heading: &str, text: &str) -> String {
    let heading = format!("{heading:11}");
    if terminal {
        format!("  \x1b[1m{heading}\x1b[0m{text}")
    } else {
        format!("  {heading}{text}")
    }
}
