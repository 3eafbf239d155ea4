//! Rows of a real database: filters, cursors, and relations that are loaded once.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use database::{Backend, Database, Location, StatementObserver, StatementSpan, Timeouts};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use table_query::cursor::{self, Side, Term, ValueKind};
use table_query::{Comparison, Direction, Error, Filter, Row, TextPosition, key, row_id};

mod author {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "author")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod book {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "book")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub author_id: i64,
        pub title: Option<String>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Default)]
struct Statements(AtomicUsize);

impl StatementObserver for Statements {
    fn statement_started(&self, _: Backend, _: &str) -> Option<Box<dyn StatementSpan>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        None
    }
}

/// Two authors and five books, one of them without a title.
const BOOKS: &str = "
    CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE book (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL, title TEXT);
    INSERT INTO author VALUES (1, 'Ann'), (2, 'Bob');
    INSERT INTO book VALUES (1, 1, 'b_c'), (2, 2, 'a'), (3, 1, NULL), (4, 2, 'bxc'), (5, 2, 'a');
";

fn write(folder: &tempfile::TempDir, sql: &str) {
    let file = rusqlite::Connection::open(folder.path().join("library.db")).unwrap();
    file.execute_batch(sql).unwrap();
}

/// A database in a folder, which is removed when the first value is dropped.
async fn library() -> (tempfile::TempDir, Database, Arc<Statements>) {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, BOOKS);
    let statements = Arc::<Statements>::default();
    let location = Location::Sqlite(folder.path().join("library.db"));
    let observer = Arc::clone(&statements);
    let db = Database::open(&location, Timeouts::Short, observer)
        .await
        .unwrap();
    (folder, db, statements)
}

async fn ids(db: &Database, filter: Filter) -> Vec<i64> {
    let select = filter.apply(book::Entity::find()).order_by_asc(book::Column::Id);
    select
        .all(db)
        .await
        .unwrap()
        .iter()
        .map(row_id::<book::Entity>)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_match_rows() {
    let (_folder, db, _) = library().await;
    let title = book::Column::Title;
    let of_bob = Filter::compare(author::Column::Name, Comparison::Equal, "Bob");
    for (filter, expected) in [
        (Filter::default(), &[1, 2, 3, 4, 5][..]),
        (Filter::nothing(), &[]),
        (Filter::any([]), &[]),
        (Filter::text(title, TextPosition::Start, "b_"), &[1]),
        (Filter::compare(title, Comparison::NotEqual, "a"), &[1, 3, 4]),
        (Filter::compare(title, Comparison::Equal, "a\0"), &[]),
        (
            Filter::compare(title, Comparison::Equal, "a").negated(),
            &[1, 3, 4],
        ),
        (Filter::is_null(title, true), &[3]),
        (
            Filter::compare(book::Column::Id, Comparison::GreaterOrEqual, 4_i64),
            &[4, 5],
        ),
        (
            Filter::refers_to::<author::Entity>(book::Column::AuthorId, of_bob),
            &[2, 4, 5],
        ),
        (Filter::id_in(db.backend(), book::Column::Id, &[5, 1, 9]), &[1, 5]),
    ] {
        let description = format!("{filter:?}");
        assert_eq!(ids(&db, filter).await, expected, "{description}");
    }
    let large = (0..300)
        .map(|_| Filter::is_null(title, true))
        .fold(Filter::default(), Filter::and);
    assert!(matches!(
        large.checked(),
        Err(Error::Parameter { name: "filter", .. })
    ));
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_valid_after_its_row_was_deleted() {
    let (folder, db, _) = library().await;
    let term = |column: book::Column, nullable, kind| Term {
        column: sea_orm::sea_query::IntoColumnRef::into_column_ref(column.as_column_ref()),
        direction: Direction::Ascending,
        nullable,
        kind,
    };
    let terms = [
        term(book::Column::Title, true, ValueKind::Text),
        term(key::<book::Entity>(), false, ValueKind::Integer),
    ];
    // The order is a (2), a (5), b_c (1), bxc (4), null (3).
    let position = cursor::encode("book:title", &["a".into(), 2_i64.into()]);
    write(&folder, "DELETE FROM book WHERE id = 2");
    let values = cursor::decode("book:title", &terms, &position).unwrap();
    let on_side = |side| book::Entity::find().filter(cursor::side_condition(&terms, &values, side));
    assert_eq!(on_side(Side::Before).all(&db).await.unwrap(), []);
    let after = on_side(Side::After)
        .order_by_asc(book::Column::Id)
        .all(&db)
        .await
        .unwrap();
    let after: Vec<i64> = after.iter().map(|book| book.id).collect();
    assert_eq!(after, [1, 3, 4, 5]);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn siblings_load_a_relation_once() {
    let (_folder, db, statements) = library().await;
    let rows = book::Entity::find()
        .order_by_asc(book::Column::Id)
        .all(&db)
        .await
        .unwrap();
    let books = Row::<book::Entity>::siblings_of(rows);
    let before = statements.0.load(Ordering::SeqCst);
    let mut names = Vec::new();
    for book in &books {
        let author = book.one::<author::Entity>(&db, "author", |book| Some(book.author_id));
        names.push(author.await.unwrap().unwrap().name.clone());
    }
    assert_eq!(names, ["Ann", "Bob", "Ann", "Bob", "Bob"]);
    assert_eq!(statements.0.load(Ordering::SeqCst) - before, 1);
    let first = books.first().unwrap();
    assert_eq!(first.ids(), [1, 2, 3, 4, 5]);
    let other = first.load_once("author", async || Ok::<_, Error>(1_u8)).await;
    assert!(matches!(other, Err(Error::Relation(name)) if name == "author"));

    let single = Row::<book::Entity>::single((**first).clone());
    single.preload::<author::Entity>(
        "author",
        author::Model {
            id: 1,
            name: "Ann".to_owned(),
        },
    );
    let before = statements.0.load(Ordering::SeqCst);
    let author = single.one::<author::Entity>(&db, "author", |book| Some(book.author_id));
    assert_eq!(author.await.unwrap().unwrap().name, "Ann");
    assert_eq!(statements.0.load(Ordering::SeqCst), before);
    db.close().await;
}
