//! SQLite: each worker thread reads with its own connection. One other thread writes, and commits in groups.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension as _, Row, Rows};
use tokio::sync::{mpsc, oneshot};

use crate::Error;
use crate::json::{Json, Named, Outflow, Product, Tree, WriteProduct};
use crate::store::{Search, product_columns};

macro_rules! select_products {
    ($from:literal) => {
        concat!(
            "SELECT ",
            product_columns!(),
            " FROM ",
            $from,
            " CROSS JOIN category c ON c.id = p.category_id CROSS JOIN brand b ON b.id = p.brand_id"
        )
    };
}

const PRODUCT: &str = concat!(select_products!("product p"), " WHERE p.id = ?1");
/// The inner query reads only the index, also for the rows that it skips.
const PAGE: &str = concat!(
    select_products!(
        "(SELECT id FROM product ORDER BY title_folded, id LIMIT ?1 OFFSET ?2) k CROSS JOIN product p ON p.id = k.id"
    ),
    " ORDER BY p.title_folded, p.id"
);
const SEARCH: &str = "SELECT id, count(*) OVER () FROM product WHERE category_id = ?1 \
    AND selling_price BETWEEN ?2 AND ?3 AND instr(title_folded, ?4) > 0 ORDER BY selling_price DESC, id DESC LIMIT 10";
const CATEGORIES: &str = "SELECT id, name FROM category ORDER BY name_folded, id LIMIT 20";
const PRODUCTS: &str = "SELECT p.id, p.title, b.id, b.name FROM product p CROSS JOIN brand b ON b.id = p.brand_id \
    WHERE p.category_id = ?1 ORDER BY p.title_folded, p.id LIMIT 10";
const INFLOWS: &str = "SELECT i.id, i.quantity, s.id, s.name FROM inflow i CROSS JOIN supplier s ON s.id = i.supplier_id \
    WHERE i.product_id = ?1 ORDER BY i.created_at DESC, i.id DESC LIMIT 5";
const TAKE: &str = "UPDATE product SET quantity = quantity - ?2, version = version + 1, updated_at = ?3 \
    WHERE id = ?1 AND quantity >= ?2 RETURNING title, quantity, selling_price, cost_price";
const INSERT: &str = "INSERT INTO outflow (product_id, quantity, unit_price, unit_cost, created_at, updated_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?5)";

/// The maximum number of outflows in one transaction.
const MAX_GROUP: usize = 256;

pub(crate) struct Sqlite {
    path: PathBuf,
    outflows: mpsc::Sender<NewOutflow>,
}

struct NewOutflow {
    product: i64,
    quantity: i64,
    reply: oneshot::Sender<Result<Option<Outflow>, Error>>,
}

thread_local! {
    static READER: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

impl Sqlite {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let mut writer = open(path)?;
        writer.pragma_update(None, "synchronous", "FULL")?;
        let (outflows, mut queue) = mpsc::channel(1_024);
        thread::spawn(move || record_outflows(&mut writer, &mut queue));
        let path = path.to_owned();
        Ok(Self { path, outflows })
    }

    /// Calls a function with the connection of this thread.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        READER.with_borrow_mut(|reader| match reader {
            Some(connection) => read(connection),
            None => read(reader.insert(open(&self.path)?)),
        })
    }

    pub(crate) fn count(&self) -> Result<i64, Error> {
        self.read(
            |connection| Ok(connection.query_row("SELECT count(*) FROM product", (), |row| row.get(0))?),
        )
    }

    pub(crate) fn product(&self, id: i64, write: WriteProduct, json: &mut Json) -> Result<bool, Error> {
        self.read(|connection| write_product(connection, id, write, json))
    }

    pub(crate) fn page(&self, offset: i64, json: &mut Json) -> Result<(), Error> {
        self.read(|connection| {
            let mut page = connection.prepare_cached(PAGE)?;
            write_products(page.query((10, offset))?, Json::rest_product, json)
        })
    }

    pub(crate) fn first_50(&self, json: &mut Json) -> Result<(), Error> {
        self.read(|connection| {
            let mut page = connection.prepare_cached(PAGE)?;
            write_products(page.query((50, 0))?, Json::graphql_product, json)
        })
    }

    pub(crate) fn search(&self, search: Search, json: &mut Json) -> Result<i64, Error> {
        self.read(|connection| {
            let mut found = connection.prepare_cached(SEARCH)?;
            let [min, max] = [search.min_price, search.max_price].map(stored_price);
            let mut rows = found.query((search.category, min, max, search.word))?;
            let mut count = 0;
            while let Some(row) = rows.next()? {
                if count > 0 {
                    json.raw(",");
                }
                count = row.get(1)?;
                write_product(connection, row.get(0)?, Json::rest_product, json)?;
            }
            Ok(count)
        })
    }

    /// Reads the children of each row before the next row. A statement costs no round trip on SQLite.
    pub(crate) fn tree(&self, json: &mut Json) -> Result<(), Error> {
        self.read(|connection| {
            let mut categories = connection.prepare_cached(CATEGORIES)?;
            let mut products = connection.prepare_cached(PRODUCTS)?;
            let mut inflows = connection.prepare_cached(INFLOWS)?;
            let mut tree = Tree::new(json);
            let mut categories = categories.query(())?;
            while let Some(category) = categories.next()? {
                let category = named(category, 0)?;
                tree.category(&category);
                let mut products = products.query([category.id])?;
                while let Some(product) = products.next()? {
                    let id = product.get(0)?;
                    tree.product(id, text(product, 1)?, &named(product, 2)?);
                    let mut inflows = inflows.query([id])?;
                    while let Some(inflow) = inflows.next()? {
                        tree.inflow(inflow.get(0)?, inflow.get(1)?, &named(inflow, 2)?);
                    }
                }
            }
            tree.end();
            Ok(())
        })
    }

    pub(crate) async fn record_outflow(&self, product: i64, quantity: i64) -> Result<Option<Outflow>, Error> {
        let (reply, result) = oneshot::channel();
        let new = NewOutflow {
            product,
            quantity,
            reply,
        };
        self.outflows
            .send(new)
            .await
            .map_err(|_| "the writer has ended")?;
        result.await?
    }
}

/// Opens a file that the program has created, which has a write-ahead log already.
fn open(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "mmap_size", 1_u32 << 30)?;
    // Otherwise SQLite can plan a statement again for each value of a parameter that could change the plan.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn write_product(
    connection: &Connection,
    id: i64,
    write: WriteProduct,
    json: &mut Json,
) -> Result<bool, Error> {
    let mut statement = connection.prepare_cached(PRODUCT)?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else {
        return Ok(false);
    };
    write(json, &product(row)?);
    Ok(true)
}

fn write_products(mut rows: Rows, write: WriteProduct, json: &mut Json) -> Result<(), Error> {
    let mut separator = "";
    while let Some(row) = rows.next()? {
        write(json.raw(separator), &product(row)?);
        separator = ",";
    }
    Ok(())
}

fn product<'a>(row: &'a Row) -> Result<Product<'a>, Error> {
    Ok(Product {
        id: row.get(0)?,
        title: text(row, 1)?,
        category: named(row, 2)?,
        brand: named(row, 4)?,
        description: row.get_ref(6)?.as_str_or_null()?,
        serie_number: row.get_ref(7)?.as_str_or_null()?,
        cost_price: cents(text(row, 8)?),
        selling_price: cents(text(row, 9)?),
        quantity: row.get(10)?,
        created_at: row.get(11)?,
        updated_at: row.get(12)?,
    })
}

fn named<'a>(row: &'a Row, first: usize) -> Result<Named<'a>, Error> {
    Ok(Named {
        id: row.get(first)?,
        name: text(row, first + 1)?,
    })
}

fn text<'a>(row: &'a Row, column: usize) -> Result<&'a str, Error> {
    Ok(row.get_ref(column)?.as_str()?)
}

/// Converts a stored price, 20 digits, a point and 2 digits, to cents.
fn cents(price: &str) -> u64 {
    let digits = price.bytes().filter(u8::is_ascii_digit);
    digits.fold(0, |cents, digit| cents * 10 + u64::from(digit - b'0'))
}

fn stored_price(price: &str) -> String {
    format!("{price:0>23}")
}

/// Records the queued outflows, up to [`MAX_GROUP`] in one transaction.
fn record_outflows(connection: &mut Connection, queue: &mut mpsc::Receiver<NewOutflow>) {
    let mut group = Vec::new();
    while queue.blocking_recv_many(&mut group, MAX_GROUP) > 0 {
        let results = record_group(connection, &group);
        let failure = results.as_ref().err().map(ToString::to_string);
        let mut results = results.unwrap_or_default().into_iter();
        for new in group.drain(..) {
            let result = match &failure {
                Some(error) => Err(error.as_str().into()),
                None => Ok(results.next().flatten()),
            };
            // Fails if the client has disconnected.
            drop(new.reply.send(result));
        }
    }
}

fn record_group(connection: &mut Connection, group: &[NewOutflow]) -> Result<Vec<Option<Outflow>>, Error> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let created_at = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?;
    let mut take = transaction.prepare_cached(TAKE)?;
    let mut insert = transaction.prepare_cached(INSERT)?;
    let mut record = |new: &NewOutflow| -> Result<_, Error> {
        let &NewOutflow {
            product, quantity, ..
        } = new;
        let taken = take.query_row((product, quantity, created_at), |row| {
            let price = row.get_ref(2)?.as_str()?;
            let cost = row.get_ref(3)?.as_str()?;
            let id = insert.insert((product, quantity, price, cost, created_at))?;
            let (title, remaining) = (row.get(0)?, row.get(1)?);
            Ok(Outflow {
                id,
                product,
                title,
                quantity,
                remaining,
                created_at,
            })
        });
        Ok(taken.optional()?)
    };
    let results = group.iter().map(&mut record).collect::<Result<_, _>>()?;
    drop((take, insert));
    transaction.commit()?;
    Ok(results)
}
