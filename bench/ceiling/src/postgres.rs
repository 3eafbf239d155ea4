//! PostgreSQL: a few connections that send requests without waiting for the responses to earlier ones.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

use crate::Error;
use crate::json::{Json, Named, Outflow, Product, Tree, WriteProduct};
use crate::store::{Search, product_columns};

macro_rules! select_products {
    ($more:literal, $from:literal) => {
        concat!(
            "SELECT ",
            product_columns!(),
            $more,
            " FROM ",
            $from,
            " JOIN category c ON c.id = p.category_id JOIN brand b ON b.id = p.brand_id"
        )
    };
}

const PRODUCT: &str = concat!(select_products!("", "product p"), " WHERE p.id = $1");
/// The inner query reads only the index, also for the rows that it skips.
const PAGE: &str = concat!(
    select_products!(
        "",
        "(SELECT id FROM product ORDER BY title_folded, id LIMIT 10 OFFSET $1) k JOIN product p ON p.id = k.id"
    ),
    " ORDER BY p.title_folded, p.id"
);
const FIRST_50: &str = concat!(
    select_products!(
        "",
        "(SELECT id FROM product ORDER BY title_folded, id LIMIT 50) k JOIN product p ON p.id = k.id"
    ),
    " ORDER BY p.title_folded, p.id"
);
const SEARCH: &str = concat!(
    select_products!(
        ", k.count",
        "(SELECT id, count(*) OVER () FROM product WHERE category_id = $1 \
          AND selling_price BETWEEN $2::text::numeric AND $3::text::numeric AND strpos(title_folded, $4) > 0 \
          ORDER BY selling_price DESC, id DESC LIMIT 10) k JOIN product p ON p.id = k.id"
    ),
    " ORDER BY p.selling_price DESC, p.id DESC"
);
/// One row for each inflow. Nested loops keep the order of the subqueries, which `bench/measure.py` verifies.
const TREE: &str = "SELECT c.id, c.name, p.id, p.title, b.id, b.name, i.id, i.quantity, s.id, s.name \
    FROM (SELECT id, name FROM category ORDER BY name_folded, id LIMIT 20) c \
    LEFT JOIN LATERAL (SELECT id, title, brand_id FROM product WHERE category_id = c.id \
        ORDER BY title_folded, id LIMIT 10) p ON true \
    LEFT JOIN brand b ON b.id = p.brand_id \
    LEFT JOIN LATERAL (SELECT id, quantity, supplier_id FROM inflow WHERE product_id = p.id \
        ORDER BY created_at DESC, id DESC LIMIT 5) i ON true \
    LEFT JOIN supplier s ON s.id = i.supplier_id";
/// Updates the product and inserts the outflow in one statement, and so in one transaction.
const OUTFLOW: &str = "WITH taken AS ( \
        UPDATE product SET quantity = quantity - $2, version = version + 1, updated_at = now() \
        WHERE id = $1 AND quantity >= $2 RETURNING id, title, quantity, selling_price, cost_price), \
    added AS ( \
        INSERT INTO outflow (product_id, quantity, unit_price, unit_cost, created_at, updated_at) \
        SELECT id, $2, selling_price, cost_price, now(), now() FROM taken RETURNING id, created_at) \
    SELECT added.id, taken.title, taken.quantity, added.created_at FROM taken, added";

/// Options that make PostgreSQL plan each statement once, without joins that would change the order of [`TREE`]. All
/// statements read few rows by an index.
const PLANNER: &str = "-c plan_cache_mode=force_generic_plan -c enable_hashjoin=off -c enable_mergejoin=off \
    -c enable_bitmapscan=off";
const CONNECTIONS: usize = 4;

pub(crate) struct Postgres {
    connections: Vec<Connection>,
    next: AtomicUsize,
}

/// A connection with its prepared statements.
struct Connection {
    client: Client,
    product: Statement,
    page: Statement,
    first_50: Statement,
    search: Statement,
    tree: Statement,
    outflow: Statement,
}

impl Postgres {
    pub(crate) async fn connect(url: &str) -> Result<Self, Error> {
        let mut config: Config = url.parse()?;
        config.options(PLANNER);
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(Connection::open(&config).await?);
        }
        Ok(Self {
            connections,
            next: AtomicUsize::new(0),
        })
    }

    /// Returns the connections in turn.
    fn connection(&self) -> Result<&Connection, Error> {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        Ok(self.connections.get(next).ok_or("no connection")?)
    }

    pub(crate) async fn count(&self) -> Result<i64, Error> {
        let row = self
            .connection()?
            .client
            .query_one("SELECT count(*) FROM product", &[])
            .await?;
        Ok(row.try_get(0)?)
    }

    pub(crate) async fn product(&self, id: i64, write: WriteProduct, json: &mut Json) -> Result<bool, Error> {
        let connection = self.connection()?;
        let row = connection.client.query_opt(&connection.product, &[&id]).await?;
        if let Some(row) = &row {
            write(json, &product(row)?);
        }
        Ok(row.is_some())
    }

    pub(crate) async fn page(&self, offset: i64, json: &mut Json) -> Result<(), Error> {
        let connection = self.connection()?;
        let rows = connection.client.query(&connection.page, &[&offset]).await?;
        write_products(&rows, Json::rest_product, json)
    }

    pub(crate) async fn first_50(&self, json: &mut Json) -> Result<(), Error> {
        let connection = self.connection()?;
        let rows = connection.client.query(&connection.first_50, &[]).await?;
        write_products(&rows, Json::graphql_product, json)
    }

    pub(crate) async fn search(&self, search: Search<'_>, json: &mut Json) -> Result<i64, Error> {
        let connection = self.connection()?;
        let Search {
            word,
            category,
            min_price,
            max_price,
        } = search;
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&category, &min_price, &max_price, &word];
        let rows = connection.client.query(&connection.search, &parameters).await?;
        write_products(&rows, Json::rest_product, json)?;
        Ok(rows.first().map_or(Ok(0), |row| row.try_get(13))?)
    }

    pub(crate) async fn tree(&self, json: &mut Json) -> Result<(), Error> {
        let connection = self.connection()?;
        let rows = connection.client.query(&connection.tree, &[]).await?;
        let mut tree = Tree::new(json);
        let (mut last_category, mut last_product) = (None, None);
        for row in &rows {
            let category = named(row, 0)?;
            if last_category.replace(category.id) != Some(category.id) {
                tree.category(&category);
            }
            let Some(product) = row.try_get(2)? else {
                continue;
            };
            if last_product.replace(product) != Some(product) {
                tree.product(product, row.try_get(3)?, &named(row, 4)?);
            }
            if let Some(inflow) = row.try_get(6)? {
                tree.inflow(inflow, row.try_get(7)?, &named(row, 8)?);
            }
        }
        tree.end();
        Ok(())
    }

    pub(crate) async fn record_outflow(&self, product: i64, quantity: i64) -> Result<Option<Outflow>, Error> {
        let connection = self.connection()?;
        let row = connection
            .client
            .query_opt(&connection.outflow, &[&product, &quantity])
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let (id, title, remaining) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let Time(created_at) = row.try_get(3)?;
        Ok(Some(Outflow {
            id,
            product,
            title,
            quantity,
            remaining,
            created_at,
        }))
    }
}

impl Connection {
    async fn open(config: &Config) -> Result<Self, Error> {
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(async {
            if let Err(error) = connection.await {
                eprintln!("ceiling: a connection has ended: {error}");
            }
        });
        Ok(Self {
            product: client.prepare(PRODUCT).await?,
            page: client.prepare(PAGE).await?,
            first_50: client.prepare(FIRST_50).await?,
            search: client.prepare(SEARCH).await?,
            tree: client.prepare(TREE).await?,
            outflow: client.prepare(OUTFLOW).await?,
            client,
        })
    }
}

fn write_products(rows: &[Row], write: WriteProduct, json: &mut Json) -> Result<(), Error> {
    let mut separator = "";
    for row in rows {
        write(json.raw(separator), &product(row)?);
        separator = ",";
    }
    Ok(())
}

fn product(row: &Row) -> Result<Product<'_>, Error> {
    let (Cents(cost_price), Cents(selling_price)) = (row.try_get(8)?, row.try_get(9)?);
    let (Time(created_at), Time(updated_at)) = (row.try_get(11)?, row.try_get(12)?);
    Ok(Product {
        id: row.try_get(0)?,
        title: row.try_get(1)?,
        category: named(row, 2)?,
        brand: named(row, 4)?,
        description: row.try_get(6)?,
        serie_number: row.try_get(7)?,
        cost_price,
        selling_price,
        quantity: row.try_get(10)?,
        created_at,
        updated_at,
    })
}

fn named(row: &Row, first: usize) -> Result<Named<'_>, Error> {
    Ok(Named {
        id: row.try_get(first)?,
        name: row.try_get(first + 1)?,
    })
}

/// A `timestamptz` in microseconds since 1970.
struct Time(i64);

impl FromSql<'_> for Time {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Error> {
        // PostgreSQL counts from the year 2000.
        Ok(Self(i64::from_be_bytes(raw.try_into()?) + 946_684_800_000_000))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::TIMESTAMPTZ
    }
}

/// A `numeric(22, 2)` in cents.
struct Cents(u64);

impl FromSql<'_> for Cents {
    /// The format is the number of base-10,000 digits, the exponent of the first digit, the sign, the number of decimals,
    /// and then the digits.
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Error> {
        let mut words = raw
            .chunks_exact(2)
            .map(|word| word.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)));
        let [Some(_), Some(exponent), Some(_), Some(_)] = std::array::from_fn(|_| words.next()) else {
            return Err("a numeric without a header".into());
        };
        // A price below 1 has a negative exponent. Trailing zero digits are not sent.
        let whole = if exponent < 0x8000 { exponent + 1 } else { 0 };
        let mut next = || words.next().unwrap_or_default();
        let units = (0..whole).fold(0, |units, _| units * 10_000 + next());
        // A price is a multiple of a cent, so a negative exponent is always -1.
        Ok(Self(units * 100 + next() / 100))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::NUMERIC
    }
}

#[cfg(test)]
mod tests {
    use tokio_postgres::types::{FromSql as _, Type};

    use super::Cents;

    #[test]
    fn prices() {
        let cents = |words: &[i16]| {
            let raw: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            Cents::from_sql(&Type::NUMERIC, &raw).unwrap().0
        };
        assert_eq!(cents(&[0, 0, 0, 2]), 0);
        assert_eq!(cents(&[1, -1, 0, 2, 500]), 5);
        assert_eq!(cents(&[2, 0, 0, 2, 403, 9_900]), 40_399);
        assert_eq!(cents(&[1, 1, 0, 2, 2]), 2_000_000);
        assert_eq!(cents(&[3, 1, 0, 2, 12, 3_456, 7_800]), 12_345_678);
    }
}
