//! Prints the report of a source as JSON, and the summaries of its tables:
//! `cargo run --example check -- SOURCE [--FLAG=VALUE]…`.

use django_source::{CheckResult, Options, Progress, Result, Source};

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let source = arguments.next().unwrap_or_default();
    let mut options = Options::new(std::time::SystemTime::now().into());
    for flag in arguments {
        options.set(&flag)?;
    }
    let plan = Source::open(&source)
        .await?
        .check(options, Progress::default())
        .await?;
    println!(
        "{}",
        serde_json::to_string_pretty(plan.report()).unwrap_or_default()
    );
    if plan.report().result == CheckResult::Import {
        let mut rows = plan.rows();
        while rows.next().await.is_some() {}
        for table in rows.finish().await? {
            println!("{}", serde_json::to_string(&table).unwrap_or_default());
        }
    }
    Ok(())
}
