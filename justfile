# Short names for the common commands. `just` is optional: each recipe is one plain command.

# List the recipes.
default:
    @just --list

# Serve sample data with users at http://127.0.0.1:8000.
demo:
    cargo run --release -- demo

# Run the tests on SQLite, and on PostgreSQL if it is installed.
test *ARGS:
    scripts/test {{ ARGS }}

# Test the audits, npm clients, the typed client, Relay and the pages against the program.
clients *PARTS:
    scripts/clients {{ PARTS }}

# Run every check that a change has to pass.
check:
    scripts/services scripts/check

# Format and run clippy, without the rest of `check`.
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Compare the program's speed with that of a server written by hand, on both databases; `just bench --help` lists the options.
bench *ARGS:
    bench/run {{ ARGS }}

# Regenerate schema.graphql, openapi.json and .env.example.
export:
    scripts/export
