//! Converts stored cells to texts, prices, whole numbers and times.

pub(crate) mod integer;
pub(crate) mod moment;
pub(crate) mod money;
pub(crate) mod text;
