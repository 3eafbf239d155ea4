# The commands of a day, shorter. Nothing needs `just`: each is one plain command.

# What there is.
default:
    @just --list

# Try it: sample data, users, http://127.0.0.1:8000.
demo:
    cargo run --release -- demo

# The tests on SQLite, and on PostgreSQL where it is installed.
test *ARGS:
    scripts/test {{ ARGS }}

# Audits, npm clients, the typed client, Relay and the pages, against the program itself.
clients *PARTS:
    scripts/clients {{ PARTS }}

# All that a change has to pass.
check:
    scripts/services scripts/check

# Formatting and clippy, without the rest of `check`.
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Requests a second and CPU a request on both databases; `just bench --help` tells the options.
bench *ARGS:
    bench/run {{ ARGS }}

# Print schema.graphql and openapi.json anew, after changing either API.
export:
    scripts/export
