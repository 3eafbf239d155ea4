//! Known spellings of names, and the similarity of names.

use super::Field;

/// The minimum similarity of two names that are considered the same. Equal names have a similarity of 1.
pub(crate) const MIN_SIMILARITY: f64 = 0.75;

/// Other names of a documented column that occur in projects, or that mean the same.
pub(crate) const fn known_names(field: Field) -> &'static [&'static str] {
    match field {
        Field::Name => &["title", "nome", "titulo", "mame", "nane", "nombre"],
        Field::Title => &[
            "name",
            "nome",
            "titulo",
            "tittle",
            "titel",
            "nombre",
            "product_name",
        ],
        Field::Description => &[
            "descrition",
            "descripition",
            "descripton",
            "decription",
            "discription",
            "descriptions",
            "descricao",
            "descripcion",
            "desc",
            "details",
            "notes",
            "observation",
            "observations",
            "observacao",
        ],
        Field::SerieNumber => &[
            "series_number",
            "serial_number",
            "serie_numer",
            "seria_number",
            "serie",
            "serial",
            "series",
            "serialnumber",
            "numero_serie",
            "numero_de_serie",
            "serial_no",
            "serie_num",
        ],
        Field::CostPrice => &[
            "coast_price",
            "cust_price",
            "cost",
            "price_cost",
            "purchase_price",
            "buying_price",
            "buy_price",
            "preco_custo",
            "preco_de_custo",
            "custo",
            "precio_costo",
            "precio_compra",
            "preco_compra",
            "valor_custo",
            "valor_compra",
            "cost_value",
            "unit_cost",
        ],
        Field::SellingPrice => &[
            "sell_price",
            "salling_price",
            "seling_price",
            "sale_price",
            "sales_price",
            "saling_price",
            "price_sell",
            "price_sale",
            "preco_venda",
            "preco_de_venda",
            "precio_venta",
            "valor_venda",
            "retail_price",
            "price_selling",
            "sell_value",
            "unit_price",
            "price",
            "preco",
            "precio",
            "valor",
        ],
        Field::Quantity => &[
            "quantily",
            "quantiy",
            "quantify",
            "quantitiy",
            "quanity",
            "quantit",
            "qty",
            "quantidade",
            "qtd",
            "stock",
            "stock_quantity",
            "estoque",
            "quantity_in_stock",
            "stock_level",
            "current_stock",
            "in_stock",
            "cantidad",
            "quant",
            "amount",
            "units",
        ],
        Field::CreatedAt => &[
            "create_at",
            "creates_at",
            "creted_at",
            "cretaed_at",
            "created",
            "created_on",
            "created_date",
            "date_created",
            "creation_date",
            "criado_em",
            "data_criacao",
            "fecha_creacion",
            "creado_en",
            "date_added",
            "added_at",
            "date",
            "data",
            "fecha",
            "datetime",
            "timestamp",
        ],
        Field::UpdatedAt => &[
            "update_at",
            "upload_at",
            "uploaded_at",
            "updates_at",
            "upated_at",
            "updated",
            "updated_on",
            "updated_date",
            "date_updated",
            "modified_at",
            "modified",
            "last_updated",
            "atualizado_em",
            "data_atualizacao",
            "fecha_actualizacion",
            "actualizado_en",
            "date_modified",
        ],
        Field::Brand => &["branch_id", "brands_id", "marca_id", "brand"],
        Field::Category => &[
            "categroy_id",
            "categorie_id",
            "categories_id",
            "categoria_id",
            "catgory_id",
            "category",
        ],
        Field::Supplier => &[
            "suplier_id",
            "supllier_id",
            "suppliers_id",
            "fornecedor_id",
            "proveedor_id",
            "vendor_id",
            "supplier",
        ],
        Field::Product => &[
            "produto_id",
            "producto_id",
            "products_id",
            "prodcut_id",
            "item_id",
            "product",
        ],
        Field::Actor => &[
            "created_by_id",
            "author_id",
            "owner_id",
            "operator_id",
            "employee_id",
            "seller_id",
            "usuario_id",
            "responsible_id",
            "registered_by_id",
        ],
    }
}

/// Whether a known name has other meanings, too, so that the column must have the documented type.
pub(crate) fn is_vague(name: &str) -> bool {
    const VAGUE: [&str; 8] = [
        "date",
        "data",
        "fecha",
        "datetime",
        "timestamp",
        "amount",
        "units",
        "quant",
    ];
    VAGUE.contains(&name)
}

/// The similarity of two names, from 0 to 1, ignoring case and underscores.
pub(crate) fn similarity(left: &str, right: &str) -> f64 {
    // No known name is longer, and the time to compare grows with the product of the lengths.
    if left.len() > 64 || right.len() > 64 {
        return 0.0;
    }
    strsim::normalized_damerau_levenshtein(&normalized(left), &normalized(right))
}

/// The similarity of a name to the most similar of several words.
pub(crate) fn max_similarity(name: &str, words: &[&str]) -> f64 {
    words
        .iter()
        .map(|word| similarity(name, word))
        .fold(0.0, f64::max)
}

fn normalized(name: &str) -> String {
    name.chars()
        .filter(|letter| *letter != '_')
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{MIN_SIMILARITY, max_similarity};
    use crate::mapping::Role;

    #[test]
    fn only_misspelt_models_are_similar() {
        let fits = |name: &str| {
            Role::ALL
                .into_iter()
                .filter(|role| max_similarity(name, role.words()) >= MIN_SIMILARITY)
                .collect::<Vec<_>>()
        };
        for (name, role) in [
            ("supllier", Role::Supplier),
            ("categorie", Role::Category),
            ("brnads", Role::Brand),
            ("prodcut", Role::Product),
            ("inflwo", Role::Inflow),
            ("outflows", Role::Outflow),
        ] {
            assert_eq!(fits(name), [role], "{name}");
        }
        for name in [
            "productimage",
            "branch",
            "user",
            "group",
            "session",
            "airesult",
            "flow",
        ] {
            assert_eq!(fits(name), [], "{name}");
        }
    }
}
