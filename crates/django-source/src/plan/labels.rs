//! Brands, categories and suppliers.

use super::clean_row::{Cleaner, IdReader, IdSet, Sink};
use super::table_rows;
use crate::error::Result;
use crate::mapping::{Field, TableMap};
use crate::options::Options;
use crate::progress::Progress;
use crate::row::Label;
use crate::source::Reader;

/// Calls `each` with every row that can be imported, and returns the ids of all rows.
pub(super) fn read(
    reader: &mut Reader,
    map: &TableMap,
    options: &Options,
    progress: &Progress,
    sink: &mut Sink<'_>,
    each: &mut dyn FnMut(Label) -> Result<()>,
) -> Result<IdSet> {
    let (precision, role) = (reader.precision(), map.role);
    let has_times = map.get(Field::CreatedAt).is_some() && map.get(Field::UpdatedAt).is_some();
    let (mut ids, mut all_ids) = (IdReader::default(), IdSet::default());
    table_rows::for_each(reader, map, options, progress, &mut |row| {
        let Some(id) = ids.next(row.key(), role.name(), sink) else {
            return Ok(());
        };
        let mut cleaner = Cleaner {
            role,
            id,
            row,
            options,
            precision,
            sink,
        };
        let times = cleaner.times(has_times);
        all_ids.add(id, times.is_ok());
        let Ok((created_at, updated_at)) = times else {
            return Ok(());
        };
        let name = cleaner.name(Field::Name);
        let description = cleaner.text(Field::Description, usize::MAX);
        each(Label {
            id,
            name,
            description,
            created_at,
            updated_at,
        })
    })?;
    Ok(all_ids)
}
