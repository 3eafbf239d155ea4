//! `stockroom seed`: fills the database with a made-up shop, for trying, testing and measuring.

use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use database::bulk::vacuum;

use super::sample_data::{self, Shop};
use super::{counted, load};
use crate::clock::Clock;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::schema;
use crate::services::Services;

/// How much, and which.
#[derive(Args, Debug)]
pub struct Seed {
    /// How many products; five movements each, and categories, brands and suppliers in proportion
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    products: u32,

    /// Which shop: the same number makes the same rows
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
}

/// Runs the command.
pub async fn run(config: Config, seed: Seed) -> Result<ExitCode> {
    let services = Services::open_unhurried(config, Clock::system()).await?;
    schema::migrate_up(&services.db).await?;
    let started = Instant::now();
    let products = usize::try_from(seed.products).unwrap_or(usize::MAX);
    let shop = sample_data::shop(products, seed.seed, sample_data::SEED_NOW);
    let made = contents(&shop);
    load::stock(&Ctx::system(services.clone()), shop).await?;
    vacuum(&services.db).await?;
    let seconds = started.elapsed().as_secs_f64();
    super::print(&format!("{made} in {seconds:.1} s"))?;
    services.db.close().await;
    Ok(ExitCode::SUCCESS)
}

/// What is in the shop: `240 products, 14 categories, …`.
pub fn contents(shop: &Shop) -> String {
    let movements = shop.movements.len();
    [
        counted(shop.products.len(), "products"),
        counted(shop.categories.len(), "categories"),
        counted(shop.brands.len(), "brands"),
        counted(shop.suppliers.len(), "suppliers"),
        counted(movements, "movements"),
    ]
    .join(", ")
}
