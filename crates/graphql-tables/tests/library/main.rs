//! A schema over two tables in SQLite: books and their authors.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a failed test"
)]

mod inputs;
mod lists;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{Context, ContextBase, EmptySubscription, ID, Object, Schema, Value};
use database::{Backend, Database, Location, StatementObserver, StatementSpan, Timeouts};
use form_fields::{Faults, Field};
use graphql_tables::{
    Connection, ConnectionOf, DateTime, Decimal, Error, FilterArgument, Node, Nullable, OrderArgument,
    OrderInput as _, PageArguments, Reference, TableContext, UpdateInput as _, connection, delete_input,
    filter, inputs, int, node, nullable, optional, order, read_filter, relation_key, required,
};
use sea_orm::{EntityTrait as _, QueryOrder as _};
use serde_json::json;
use table_query::{CursorPage, Direction, Filter, Row, Source};

mod author {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "author")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        pub name_folded: String,
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
        pub editor_id: Option<i64>,
        pub title: Option<String>,
        pub title_folded: Option<String>,
        pub pages: i64,
        pub price: Decimal,
        pub created_at: DateTimeUtc,
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

/// The context of an operation.
#[derive(Clone)]
struct Ctx {
    db: Database,
    long: i64,
}

impl Source for Ctx {
    fn db(&self) -> &Database {
        &self.db
    }
}

impl TableContext for Ctx {
    type Error = Failure;

    fn of_operation<'c, T>(cx: &ContextBase<'c, T>) -> Result<&'c Self, Failure> {
        cx.data_opt().ok_or(Failure(Error::MissingRow("context")))
    }

    fn fold(&self, text: &str) -> String {
        text.to_lowercase()
    }

    fn decimal_bound(&self, text: &str) -> Option<rust_decimal::Decimal> {
        text.parse().ok()
    }
}

/// The error of a field.
#[derive(Clone, Debug)]
struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Failure> for async_graphql::Error {
    fn from(failure: Failure) -> Self {
        Self::new(failure.0.to_string())
    }
}

node!(Ctx, AuthorNode of author::Entity);

#[Object(name = "Author", serial)]
impl AuthorNode {
    async fn name(&self) -> &str {
        &self.0.name
    }
}

filter! {
    Ctx,
    /// Conditions on authors.
    AuthorFilter of author::Entity {
        columns { id: IdFilter(Id), name: StringFilter(Name, NameFolded) }
    }
}

node! {
    Ctx,
    BookNode as "Book" of book::Entity, |book, cx| {
        id: ID = book.id.into();
        pages: i32 = int(book.pages);
        price: Decimal = Decimal::exact(book.price);
        created_at: DateTime = DateTime(book.created_at);
        author: Reference<'_, author::Entity, Ctx> = required(book, "author", |book| book.author_id);
        editor: Reference<'_, author::Entity, Ctx> = optional(book, "editor", |book| book.editor_id);
    }

    async fn relation_key(&self, cx: &Context<'_>) -> String {
        format!("{:?}", relation_key(cx))
    }
}

connection!(Ctx, BookConnection, BookEdge of book::Entity; "A book", "books", "How many books match");

order!(Ctx, BookOrder, BookOrderField of book::Entity: "books" { Id, Title, Pages });

filter! {
    Ctx,
    /// Conditions on books.
    BookFilter(and, or, not) of book::Entity {
        columns {
            id: IdFilter(Id),
            title: StringFilter(Title, TitleFolded),
            pages: IntFilter(Pages),
            price: DecimalFilter(Price),
            created_at: DateTimeFilter(CreatedAt),
        }
        references { author: AuthorId => author::Entity }
        rules {
            /// Whether it is long.
            is_long: bool = |ctx, is_long| {
                let long = Filter::compare(Column::Pages, table_query::Comparison::GreaterOrEqual, ctx.long);
                Ok(if is_long { long } else { long.negated() })
            },
        }
    }
}

/// The texts of a draft, by the names of their columns.
#[derive(Debug, Default)]
struct Texts(Vec<(&'static str, Field<String>)>);

impl Texts {
    fn with(mut self, column: book::Column, text: Field<String>) -> Self {
        self.0.push((sea_orm::IdenStatic::as_str(&column), text));
        self
    }
}

#[derive(Debug, Default)]
struct Draft {
    texts: Texts,
    author_id: Field<i64>,
    price: Field<String>,
    pages: Field<i64>,
    faults: Faults,
}

inputs! {
    /// A new book.
    create CreateBookInput,
    /// What to change about a book.
    update UpdateBookInput,
    fills Draft,
    texts { title: Optional<String> = book::Column::Title; }
    fields {
        author_id: Required<ID>;
        price: Required<Decimal>;
        pages: Optional<i32>, create [
            /// The number of pages.
        ], update [];
    }
}

delete_input!(
    /// The book to delete.
    DeleteBookInput
);

struct Query;

#[Object]
impl Query {
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of a list")]
    async fn books(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        filter: FilterArgument<book::Entity, Ctx>,
        order_by: OrderArgument<book::Entity, Ctx>,
    ) -> Nullable<ConnectionOf<book::Entity, Ctx>, Failure> {
        let page = PageArguments {
            first,
            after,
            last,
            before,
            offset,
        };
        nullable(async move {
            let ctx = Ctx::of_operation(cx)?;
            let request = page.into_request(20_u64)?;
            let mut select = read_filter::<book::Entity, Ctx>(ctx, filter)?.apply(book::Entity::find());
            for step in order_by.into_iter().flatten() {
                let direction = match step.direction() {
                    Direction::Ascending => sea_orm::Order::Asc,
                    Direction::Descending => sea_orm::Order::Desc,
                };
                select = select.order_by(step.column(), direction);
            }
            let rows = select.all(&ctx.db).await.map_err(table_query::Error::from);
            let mut rows = rows.map_err(Error::from)?;
            let total = u64::try_from(rows.len()).unwrap();
            let more = table_query::page::remove_extra_item(&request, &mut rows);
            let cursor = Arc::new(|book: &Row<book::Entity>| format!("book {}", book.id));
            let page = CursorPage::new(&request, Row::siblings_of(rows), more, cursor);
            let connection =
                Connection::<Ctx, _>::new(Arc::new(page), move |_| Box::pin(async move { Ok(total) }));
            Ok(Node(connection.into()))
        })
        .await
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn create(&self, input: CreateBookInput) -> String {
        format!("{:?}", Draft::from(input))
    }

    async fn update(&self, input: UpdateBookInput) -> String {
        format!("{:?}", input.into_parts())
    }

    async fn delete(&self, input: DeleteBookInput) -> ID {
        input.id
    }
}

const LIBRARY: &str = "
    CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL, name_folded TEXT NOT NULL);
    CREATE TABLE book (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL, editor_id INTEGER, title TEXT, title_folded TEXT,
        pages INTEGER NOT NULL, price MONEY_TEXT NOT NULL, created_at MOMENT NOT NULL);
    INSERT INTO author VALUES (1, 'Ann', 'ann'), (2, 'Bob', 'bob');
    INSERT INTO book SELECT column1, column2, column3, column4, column5, column6,
        '000000000000000000' || column7, unixepoch('2024-01-01 12:00:00', (column1 - 1) || ' days') * 1000000 FROM (VALUES
        (1, 1, 2, 'Água', 'água', 100, '09.50'),
        (2, 2, NULL, 'Sand', 'sand', 300, '20.00'),
        (3, 1, NULL, NULL, NULL, 500, '15.25'),
        (4, 9, 1, 'sand 2', 'sand 2', 700, '10.00'));
";

/// A value as JSON. Objects that are resolved in sequence are JSON already.
fn json_of(value: Value) -> serde_json::Value {
    match value {
        Value::Binary(json) => serde_json::from_slice(&json).unwrap(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            fields
                .map(|(name, value)| (name.to_string(), json_of(value)))
                .collect()
        }
        other => other.into_json().unwrap(),
    }
}

struct Library {
    _folder: tempfile::TempDir,
    schema: Schema<Query, Mutation, EmptySubscription>,
    statements: Arc<Statements>,
}

impl Library {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("library.db");
        rusqlite::Connection::open(&file)
            .unwrap()
            .execute_batch(LIBRARY)
            .unwrap();
        let statements = Arc::<Statements>::default();
        let observer = Arc::clone(&statements);
        let db = Database::open(&Location::Sqlite(file), Timeouts::Short, observer)
            .await
            .unwrap();
        let schema = Schema::build(Query, Mutation, EmptySubscription).data(Ctx { db, long: 500 });
        Self {
            _folder: folder,
            schema: schema.finish(),
            statements,
        }
    }

    /// The response to a document.
    async fn execute(&self, document: &str) -> serde_json::Value {
        let response = self.schema.execute(document).await;
        let mut json = json!({ "data": json_of(response.data) });
        if !response.errors.is_empty() {
            json["errors"] = serde_json::to_value(response.errors).unwrap();
        }
        json
    }

    /// The ids of the books that match a filter.
    async fn ids(&self, filter: &str) -> Vec<i64> {
        let document = format!("{{ books(first: 3, filter: {filter}) {{ totalCount nodes {{ id }} }} }}");
        let response = self.execute(&document).await;
        assert_eq!(response.get("errors"), None, "{filter}");
        let nodes = response["data"]["books"]["nodes"].as_array().unwrap();
        nodes
            .iter()
            .map(|node| node["id"].as_str().unwrap().parse().unwrap())
            .collect()
    }
}
