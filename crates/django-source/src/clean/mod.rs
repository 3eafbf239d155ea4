//! What a stored cell means: texts, prices, whole numbers, times.

pub(crate) mod integer;
pub(crate) mod moment;
pub(crate) mod money;
pub(crate) mod text;
