//! Updates the folded texts of existing rows after the folded form has changed.

use entity::{brand, category, fold, inflow, outflow, product, supplier};
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic as _, Iterable as _, QueryResult, Statement,
    Value,
};

/// The tables with folded texts, each with the names of the columns whose folded form is in another column.
fn tables() -> [(String, Vec<&'static str>); 6] {
    fn texts<E: EntityTrait>() -> (String, Vec<&'static str>) {
        let texts = E::Column::iter().filter_map(|column| column.as_str().strip_suffix("_folded"));
        (E::default().table_name().to_owned(), texts.collect())
    }
    [
        texts::<brand::Entity>(),
        texts::<category::Entity>(),
        texts::<supplier::Entity>(),
        texts::<product::Entity>(),
        texts::<inflow::Entity>(),
        texts::<outflow::Entity>(),
    ]
}

/// The maximum number of rows in one batch, small enough that other transactions do not wait long for the locks.
const BATCH: usize = 2_000;

/// Folds the next batch of rows in the caller's transaction and stores the progress. Returns false when no rows are left; until
/// then it must be called again. Another process can continue after this one has stopped.
///
/// The folded form of ASCII texts has not changed, so rows with only such texts are skipped.
pub async fn refold_batch(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    let lock = if backend == DbBackend::Sqlite {
        ""
    } else {
        " FOR NO KEY UPDATE"
    };
    // The first query takes no lock, because a read-only database would reject it.
    let any = "SELECT noun FROM refold_due LIMIT 1";
    if db
        .query_one_raw(Statement::from_string(backend, any))
        .await?
        .is_none()
    {
        return Ok(false);
    }
    let due = format!("SELECT noun, last_id FROM refold_due ORDER BY noun LIMIT 1{lock}");
    let Some(due) = db.query_one_raw(Statement::from_string(backend, due)).await? else {
        return Ok(false);
    };
    let (table_name, last_id): (String, i64) = (due.try_get("", "noun")?, due.try_get("", "last_id")?);
    let Some((table, texts)) = tables().into_iter().find(|(table, _)| **table == table_name) else {
        return Err(DbErr::Custom(format!("there is no table {table_name} to fold")));
    };
    let columns = |separator: &str, column: &dyn Fn(&str) -> String| {
        texts
            .iter()
            .map(|text| column(text))
            .collect::<Vec<_>>()
            .join(separator)
    };
    let sql = format!(
        "SELECT id, {} FROM {table} WHERE id > {last_id} AND ({}) ORDER BY id LIMIT {BATCH}{lock}",
        columns(", ", &|text| format!("{text}, {text}_folded")),
        columns(" OR ", &|text| format!("octet_length({text}) <> length({text})")),
    );
    let rows = db.query_all_raw(Statement::from_string(backend, sql)).await?;
    let mut changed = Vec::new();
    for row in &rows {
        changed.extend(refold_row(row, &texts)?);
    }
    update_rows(db, &table, &texts, changed).await?;
    let last: Option<i64> = match rows.last() {
        Some(row) if rows.len() == BATCH => Some(row.try_get("", "id")?),
        _ => None,
    };
    let progress = match last {
        Some(last) => format!("UPDATE refold_due SET last_id = {last} WHERE noun = '{table}'"),
        None => format!("DELETE FROM refold_due WHERE noun = '{table}'"),
    };
    db.execute_raw(Statement::from_string(backend, progress)).await?;
    Ok(true)
}

/// The id of a row with a changed folded text, and all folded texts of the row.
struct RefoldedRow {
    id: i64,
    texts: Vec<Option<String>>,
}

fn refold_row(row: &QueryResult, texts: &[&str]) -> Result<Option<RefoldedRow>, DbErr> {
    let (mut folded, mut is_changed) = (Vec::with_capacity(texts.len()), false);
    for text in texts {
        let new = row.try_get::<Option<String>>("", text)?.as_deref().map(fold);
        is_changed |= new != row.try_get::<Option<String>>("", &format!("{text}_folded"))?;
        folded.push(new);
    }
    let id = row.try_get("", "id")?;
    Ok(is_changed.then_some(RefoldedRow { id, texts: folded }))
}

async fn update_rows(
    db: &impl ConnectionTrait,
    table: &str,
    texts: &[&str],
    rows: Vec<RefoldedRow>,
) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    let backend = db.get_database_backend();
    if backend == DbBackend::Sqlite {
        let columns: Vec<String> = texts.iter().map(|text| format!("{text}_folded = ?")).collect();
        let sql = format!("UPDATE {table} SET {} WHERE id = ?", columns.join(", "));
        for RefoldedRow { id, texts } in rows {
            let values = texts.into_iter().map(Value::from).chain([id.into()]);
            db.execute_raw(Statement::from_sql_and_values(backend, &sql, values))
                .await?;
        }
        return Ok(());
    }
    // All rows in one statement, with one array for each column.
    let columns: Vec<String> = texts
        .iter()
        .map(|text| format!("{text}_folded = folded.{text}"))
        .collect();
    let arrays: Vec<String> = (2..=texts.len() + 1)
        .map(|number| format!("CAST(${number} AS text[])"))
        .collect();
    let sql = format!(
        "UPDATE {table} SET {} FROM unnest(CAST($1 AS bigint[]), {}) AS folded (id, {}) WHERE {table}.id = folded.id",
        columns.join(", "),
        arrays.join(", "),
        texts.join(", "),
    );
    let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
    let mut values: Vec<Value> = vec![format!("{{{}}}", ids.join(",")).into()];
    for index in 0..texts.len() {
        let column: Vec<String> = rows
            .iter()
            .map(|row| array_element(row.texts.get(index).and_then(Option::as_deref)))
            .collect();
        values.push(format!("{{{}}}", column.join(",")).into());
    }
    db.execute_raw(Statement::from_sql_and_values(backend, &sql, values))
        .await
        .map(|_| ())
}

/// A text as an element of a PostgreSQL array literal.
fn array_element(text: Option<&str>) -> String {
    match text {
        None => "NULL".to_owned(),
        Some(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}
