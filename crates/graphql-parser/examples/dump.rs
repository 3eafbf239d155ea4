//! Parses documents for `tests/grammar`: reads one JSON string per line from standard input and writes one JSON array per
//! line to standard output. The array is `["error", kind, line, column, message]` or `["document", operations,
//! fragments]`; every node is an array that ends with its line and column, and definitions are in the order of the text.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};

use graphql_parser::types::{
    BaseType, Directive, ExecutableDocument, FragmentDefinition, OperationDefinition, Selection,
    SelectionSet, Type, VariableDefinition,
};
use graphql_parser::{Limits, Name, Number, Pos, Positioned, Value};
use serde_json::{Value as Json, json};

const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    tokens: 1 << 18,
    nesting: graphql_parser::MAX_NESTING,
};

/// Maximum length of a line in bytes.
const MAX_LINE: u64 = 8 << 20;

fn main() -> io::Result<()> {
    let mut input = BufReader::with_capacity(1 << 16, io::stdin().lock());
    let mut output = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut line = String::new();
    while input.by_ref().take(MAX_LINE).read_line(&mut line)? > 0 {
        let text: String = serde_json::from_str(&line)?;
        let json = match graphql_parser::parse(&text, LIMITS) {
            Ok(document) => dump(&document),
            Err(error) => {
                let kind = format!("{:?}", error.kind);
                let kind = kind.split(' ').next();
                json!(["error", kind, error.pos.line, error.pos.column, error.to_string()])
            }
        };
        serde_json::to_writer(&mut output, &json)?;
        output.write_all(b"\n")?;
        line.clear();
        // The test sends a batch of lines and then waits for all results.
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
    output.flush()
}

fn dump(document: &ExecutableDocument) -> Json {
    let mut operations: Vec<_> = document.operations.iter().collect();
    operations.sort_by_key(|(_, operation)| operation.pos);
    let mut fragments: Vec<_> = document.fragments.iter().collect();
    fragments.sort_by_key(|(_, fragment)| fragment.pos);
    let operations: Vec<_> = operations
        .into_iter()
        .map(|(name, node)| operation(name, node))
        .collect();
    let fragments: Vec<_> = fragments
        .into_iter()
        .map(|(name, node)| fragment(name, node))
        .collect();
    json!(["document", operations, fragments])
}

fn operation(name: Option<&Name>, Positioned { pos, node }: &Positioned<OperationDefinition>) -> Json {
    json!([
        node.ty.to_string(),
        name,
        node.variable_definitions.iter().map(variable).collect::<Vec<_>>(),
        directives(&node.directives),
        selections(&node.selection_set),
        pos.line,
        pos.column,
    ])
}

fn fragment(name: &Name, Positioned { pos, node }: &Positioned<FragmentDefinition>) -> Json {
    json!([
        name,
        name_json(&node.type_condition.node.on),
        directives(&node.directives),
        selections(&node.selection_set),
        pos.line,
        pos.column,
    ])
}

fn variable(Positioned { pos, node }: &Positioned<VariableDefinition>) -> Json {
    let default = node.default_value.as_ref();
    let default = default.map(|Positioned { pos, node }| value_json(&node.clone().into_value(), *pos));
    json!([
        name_json(&node.name),
        [
            ty(&node.var_type.node),
            node.var_type.pos.line,
            node.var_type.pos.column
        ],
        default,
        directives(&node.directives),
        pos.line,
        pos.column,
    ])
}

fn ty(ty: &Type) -> Json {
    let base = match &ty.base {
        BaseType::Named(name) => json!(name),
        BaseType::List(of) => json!([self::ty(of)]),
    };
    if ty.nullable { base } else { json!(["!", base]) }
}

fn directives(directives: &[Positioned<Directive>]) -> Vec<Json> {
    let directive = |Positioned { pos, node }: &Positioned<Directive>| {
        json!([
            name_json(&node.name),
            arguments(&node.arguments),
            pos.line,
            pos.column
        ])
    };
    directives.iter().map(directive).collect()
}

fn arguments(arguments: &[(Positioned<Name>, Positioned<Value>)]) -> Vec<Json> {
    let argument =
        |(name, value): &(_, Positioned<Value>)| json!([name_json(name), value_json(&value.node, value.pos)]);
    arguments.iter().map(argument).collect()
}

fn selections(Positioned { pos, node }: &Positioned<SelectionSet>) -> Json {
    if node.items.is_empty() {
        return Json::Null;
    }
    let items: Vec<_> = node.items.iter().map(selection).collect();
    json!([items, pos.line, pos.column])
}

fn selection(Positioned { pos, node }: &Positioned<Selection>) -> Json {
    match node {
        Selection::Field(Positioned { node, .. }) => json!([
            "field",
            node.alias.as_ref().map(name_json),
            name_json(&node.name),
            arguments(&node.arguments),
            directives(&node.directives),
            selections(&node.selection_set),
            pos.line,
            pos.column,
        ]),
        Selection::FragmentSpread(Positioned { node, .. }) => json!([
            "spread",
            name_json(&node.fragment_name),
            directives(&node.directives),
            pos.line,
            pos.column,
        ]),
        Selection::InlineFragment(Positioned { node, .. }) => json!([
            "inline",
            node.type_condition
                .as_ref()
                .map(|condition| name_json(&condition.node.on)),
            directives(&node.directives),
            selections(&node.selection_set),
            pos.line,
            pos.column,
        ]),
    }
}

fn name_json(name: &Positioned<Name>) -> Json {
    json!([name.node, name.pos.line, name.pos.column])
}

fn value_json(value: &Value, pos: Pos) -> Json {
    json!([self::value(value), pos.line, pos.column])
}

fn value(value: &Value) -> Json {
    match value {
        Value::Variable(name) => json!(["variable", name]),
        Value::Null => json!(["null"]),
        Value::Number(number) => self::number(number),
        Value::String(text) => json!(["string", text]),
        Value::Boolean(value) => json!(["boolean", value]),
        Value::Enum(name) => json!(["enum", name]),
        Value::List(items) => json!(["list", items.iter().map(self::value).collect::<Vec<_>>()]),
        Value::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| json!([name, self::value(value)]))
                .collect();
            json!(["object", fields])
        }
        Value::Binary(_) => json!(["binary"]),
    }
}

/// Integers as text, since JavaScript numbers are exact only up to 53 bits; doubles as their bits in hexadecimal.
fn number(number: &Number) -> Json {
    match number.as_f64() {
        Some(double) if number.is_f64() => json!(["float", format!("{:016x}", double.to_bits())]),
        _ => json!(["int", number.to_string()]),
    }
}
