//! `stockroom seed`: adds sample data for tests and benchmarks.

use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use database::bulk::vacuum;
use sample_data::{EPOCH, Shop};

use super::load;
use super::open::create_if_empty;
use super::output::{print, with_unit};
use crate::clock::Clock;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::services::Services;

#[derive(Args, Debug)]
pub(super) struct Seed {
    /// The number of products; there are five movements for each, and categories, brands and suppliers in proportion
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    products: u32,

    /// The seed of the random numbers; the same seed generates the same rows
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
}

pub(super) async fn run(config: Config, seed: Seed) -> Result<ExitCode> {
    let services = Services::open_without_timeouts(config, Clock::system()).await?;
    create_if_empty(&services.db).await?;
    let started = Instant::now();
    let products = usize::try_from(seed.products).unwrap_or(usize::MAX);
    let shop = Shop::generate(products, seed.seed, EPOCH);
    let added = contents(&shop);
    load::store(&Ctx::system(services.clone()), shop).await?;
    vacuum(&services.db).await?;
    let seconds = started.elapsed().as_secs_f64();
    print(&format!("added {added} in {seconds:.1} s"))?;
    services.db.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Summarizes a shop: `240 products, 14 categories, …`.
pub(super) fn contents(shop: &Shop) -> String {
    let movements = shop.movements.len();
    [
        with_unit(shop.products.len(), "products"),
        with_unit(shop.categories.len(), "categories"),
        with_unit(shop.brands.len(), "brands"),
        with_unit(shop.suppliers.len(), "suppliers"),
        with_unit(movements, "movements"),
    ]
    .join(", ")
}
