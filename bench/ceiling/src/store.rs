//! The two databases behind one interface.

use std::path::Path;

use crate::Error;
use crate::json::{Json, Outflow, WriteProduct};
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;

/// The columns of a product, in the order in which both databases read them.
macro_rules! product_columns {
    () => {
        "p.id, p.title, c.id, c.name, b.id, b.name, p.description, p.serie_number, p.cost_price, p.selling_price, \
         p.quantity, p.created_at, p.updated_at"
    };
}
pub(crate) use product_columns;

pub(crate) enum Store {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// The filters of the list of products.
#[derive(Clone, Copy)]
pub(crate) struct Search<'a> {
    /// A word in lower case.
    pub(crate) word: &'a str,
    pub(crate) category: i64,
    pub(crate) min_price: &'a str,
    pub(crate) max_price: &'a str,
}

impl Store {
    pub(crate) fn sqlite(path: &Path) -> Result<Self, Error> {
        Ok(Self::Sqlite(Sqlite::open(path)?))
    }

    pub(crate) async fn postgres(url: &str) -> Result<Self, Error> {
        Ok(Self::Postgres(Postgres::connect(url).await?))
    }

    pub(crate) async fn count(&self) -> Result<i64, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.count(),
            Self::Postgres(postgres) => postgres.count().await,
        }
    }

    /// Writes one product. Returns false if it does not exist.
    pub(crate) async fn product(&self, id: i64, write: WriteProduct, json: &mut Json) -> Result<bool, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.product(id, write, json),
            Self::Postgres(postgres) => postgres.product(id, write, json).await,
        }
    }

    /// Writes ten products in the default order.
    pub(crate) async fn page(&self, offset: i64, json: &mut Json) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.page(offset, json),
            Self::Postgres(postgres) => postgres.page(offset, json).await,
        }
    }

    /// Writes the first 50 products for GraphQL.
    pub(crate) async fn first_50(&self, json: &mut Json) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.first_50(json),
            Self::Postgres(postgres) => postgres.first_50(json).await,
        }
    }

    /// Writes the ten most expensive products of a search, and returns the number of all matching products.
    pub(crate) async fn search(&self, search: Search<'_>, json: &mut Json) -> Result<i64, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.search(search, json),
            Self::Postgres(postgres) => postgres.search(search, json).await,
        }
    }

    /// Writes 20 categories with 10 products with 5 inflows each.
    pub(crate) async fn tree(&self, json: &mut Json) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.tree(json),
            Self::Postgres(postgres) => postgres.tree(json).await,
        }
    }

    /// Records an outflow and waits until it is durable. Returns `None` if the stock is too small.
    pub(crate) async fn record_outflow(&self, product: i64, quantity: i64) -> Result<Option<Outflow>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.record_outflow(product, quantity).await,
            Self::Postgres(postgres) => postgres.record_outflow(product, quantity).await,
        }
    }
}
