//! The JSON of responses.

use chrono::{DateTime, Datelike as _, Timelike as _};

/// The id and the name of a row.
pub(crate) struct Named<'a> {
    pub(crate) id: i64,
    pub(crate) name: &'a str,
}

/// A row of `product`, with prices in cents and times in microseconds since 1970.
pub(crate) struct Product<'a> {
    pub(crate) id: i64,
    pub(crate) title: &'a str,
    pub(crate) category: Named<'a>,
    pub(crate) brand: Named<'a>,
    pub(crate) description: Option<&'a str>,
    pub(crate) serie_number: Option<&'a str>,
    pub(crate) cost_price: u64,
    pub(crate) selling_price: u64,
    pub(crate) quantity: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// An outflow that has just been recorded.
pub(crate) struct Outflow {
    pub(crate) id: i64,
    pub(crate) product: i64,
    pub(crate) title: String,
    pub(crate) quantity: i64,
    /// The quantity of the product after the outflow.
    pub(crate) remaining: i64,
    /// Microseconds since 1970.
    pub(crate) created_at: i64,
}

/// A function that writes a product in the format of one of the APIs.
pub(crate) type WriteProduct = fn(&mut Json, &Product);

/// A buffer to which JSON is appended.
#[derive(Default)]
pub(crate) struct Json(pub(crate) Vec<u8>);

impl Json {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Appends text that is JSON already.
    pub(crate) fn raw(&mut self, json: &str) -> &mut Self {
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    pub(crate) fn integer(&mut self, number: impl itoa::Integer) -> &mut Self {
        self.raw(itoa::Buffer::new().format(number))
    }

    /// An id in GraphQL.
    fn id(&mut self, id: i64) -> &mut Self {
        self.raw("\"").integer(id).raw("\"")
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        if text
            .bytes()
            .any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
        {
            // Writing into a vector does not fail.
            drop(serde_json::to_writer(&mut self.0, text));
            return self;
        }
        self.raw("\"").raw(text).raw("\"")
    }

    fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.raw("null"),
        }
    }

    fn price(&mut self, cents: u64) -> &mut Self {
        self.raw("\"")
            .integer(cents / 100)
            .raw(".")
            .digits(cents % 100)
            .raw("\"")
    }

    fn time(&mut self, microseconds: i64) -> &mut Self {
        let time = DateTime::from_timestamp_micros(microseconds).unwrap_or_default();
        self.raw("\"")
            .integer(time.year())
            .raw("-")
            .digits(time.month().into());
        self.raw("-")
            .digits(time.day().into())
            .raw("T")
            .digits(time.hour().into());
        self.raw(":").digits(time.minute().into());
        self.raw(":").digits(time.second().into()).raw("Z\"")
    }

    /// A number below 100 with two digits.
    fn digits(&mut self, number: u64) -> &mut Self {
        self.raw(if number < 10 { "0" } else { "" }).integer(number)
    }

    fn named(&mut self, named: &Named) -> &mut Self {
        self.raw("{\"id\":")
            .integer(named.id)
            .raw(",\"name\":")
            .text(named.name)
            .raw("}")
    }

    fn node(&mut self, named: &Named) -> &mut Self {
        self.raw("{\"id\":")
            .id(named.id)
            .raw(",\"name\":")
            .text(named.name)
            .raw("}")
    }

    pub(crate) fn rest_product(&mut self, product: &Product) {
        self.raw("{\"id\":")
            .integer(product.id)
            .raw(",\"title\":")
            .text(product.title);
        self.raw(",\"category\":")
            .named(&product.category)
            .raw(",\"brand\":")
            .named(&product.brand);
        self.raw(",\"description\":").optional(product.description);
        self.raw(",\"serie_number\":").optional(product.serie_number);
        self.raw(",\"cost_price\":").price(product.cost_price);
        self.raw(",\"selling_price\":").price(product.selling_price);
        self.raw(",\"quantity\":").integer(product.quantity);
        self.raw(",\"created_at\":").time(product.created_at);
        self.raw(",\"updated_at\":").time(product.updated_at).raw("}");
    }

    pub(crate) fn graphql_product(&mut self, product: &Product) {
        self.raw("{\"id\":")
            .id(product.id)
            .raw(",\"title\":")
            .text(product.title);
        self.raw(",\"sellingPrice\":").price(product.selling_price);
        self.raw(",\"quantity\":").integer(product.quantity);
        self.raw(",\"category\":").node(&product.category);
        self.raw(",\"brand\":").node(&product.brand).raw("}");
    }

    pub(crate) fn rest_outflow(&mut self, outflow: &Outflow) {
        self.raw("{\"id\":")
            .integer(outflow.id)
            .raw(",\"product\":{\"id\":")
            .integer(outflow.product);
        self.raw(",\"title\":")
            .text(&outflow.title)
            .raw("},\"quantity\":")
            .integer(outflow.quantity);
        self.raw(",\"description\":null,\"created_at\":")
            .time(outflow.created_at);
        self.raw(",\"updated_at\":").time(outflow.created_at).raw("}");
    }

    pub(crate) fn graphql_outflow(&mut self, outflow: &Outflow) {
        self.raw("{\"outflow\":{\"id\":")
            .id(outflow.id)
            .raw(",\"quantity\":")
            .integer(outflow.quantity);
        self.raw(",\"product\":{\"id\":")
            .id(outflow.product)
            .raw(",\"quantity\":")
            .integer(outflow.remaining);
        self.raw("}},\"userErrors\":[]}");
    }
}

/// Writes categories, their products and the inflows of these, in the order of the rows. Each element belongs to the last
/// element of the level above.
pub(crate) struct Tree<'a> {
    json: &'a mut Json,
    /// The number of open lists inside the list of categories.
    open: u8,
    /// Whether the innermost open list is empty.
    is_empty: bool,
}

impl<'a> Tree<'a> {
    pub(crate) fn new(json: &'a mut Json) -> Self {
        let (open, is_empty) = (0, true);
        Self { json, open, is_empty }
    }

    pub(crate) fn category(&mut self, category: &Named) {
        self.begin(0)
            .raw("{\"id\":")
            .id(category.id)
            .raw(",\"name\":")
            .text(category.name);
        self.json.raw(",\"products\":{\"nodes\":[");
        (self.open, self.is_empty) = (1, true);
    }

    pub(crate) fn product(&mut self, id: i64, title: &str, brand: &Named) {
        self.begin(1)
            .raw("{\"id\":")
            .id(id)
            .raw(",\"title\":")
            .text(title)
            .raw(",\"brand\":")
            .node(brand);
        self.json.raw(",\"inflows\":{\"nodes\":[");
        (self.open, self.is_empty) = (2, true);
    }

    pub(crate) fn inflow(&mut self, id: i64, quantity: i64, supplier: &Named) {
        self.begin(2)
            .raw("{\"id\":")
            .id(id)
            .raw(",\"quantity\":")
            .integer(quantity);
        self.json.raw(",\"supplier\":").node(supplier).raw("}");
        self.is_empty = false;
    }

    pub(crate) fn end(mut self) {
        self.close(0);
    }

    /// Begins an element of the list at this level.
    fn begin(&mut self, level: u8) -> &mut Json {
        self.close(level);
        self.json.raw(if self.is_empty { "" } else { "," })
    }

    fn close(&mut self, level: u8) {
        while self.open > level {
            self.json.raw("]}}");
            self.open -= 1;
            self.is_empty = false;
        }
    }
}
