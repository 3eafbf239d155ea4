//! Validation of `__typename`. async-graphql's rules do not check the arguments, directives and selection set of this field.

use async_graphql::Positioned;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, InlineFragment, Selection, SelectionSet,
};

use crate::error::{ErrorCode, RequestError, truncate_name};

/// Moves the directives of each `__typename` to a fragment around it, where the rules check them and their variables.
///
/// # Errors
/// For an argument or a selection set.
pub(crate) fn expose_directives(document: &mut ExecutableDocument) -> Result<(), RequestError> {
    let mut sets: Vec<&mut SelectionSet> = match &mut document.operations {
        DocumentOperations::Single(operation) => vec![&mut operation.node.selection_set.node],
        DocumentOperations::Multiple(operations) => operations
            .values_mut()
            .map(|operation| &mut operation.node.selection_set.node)
            .collect(),
    };
    let fragments = document.fragments.values_mut();
    sets.extend(fragments.map(|fragment| &mut fragment.node.selection_set.node));
    while let Some(set) = sets.pop() {
        for selection in &mut set.items {
            if let Selection::Field(field) = &selection.node
                && field.node.name.node == "__typename"
            {
                selection.node = with_exposed_directives(field)?;
                continue;
            }
            match &mut selection.node {
                Selection::Field(field) => sets.push(&mut field.node.selection_set.node),
                Selection::InlineFragment(fragment) => sets.push(&mut fragment.node.selection_set.node),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
    Ok(())
}

fn with_exposed_directives(field: &Positioned<Field>) -> Result<Selection, RequestError> {
    if let Some((name, _)) = field.node.arguments.first() {
        let message = format!(
            "Unknown argument \"{}\" on field \"__typename\".",
            truncate_name(&name.node)
        );
        return Err(RequestError::at(ErrorCode::BadUserInput, message, Some(name.pos)));
    }
    if !field.node.selection_set.node.items.is_empty() {
        let message = "Field \"__typename\" must not have a selection, since its type is \"String!\".";
        return Err(RequestError::at(
            ErrorCode::BadUserInput,
            message,
            Some(field.pos),
        ));
    }
    let mut plain = field.clone();
    let directives = std::mem::take(&mut plain.node.directives);
    if directives.is_empty() {
        return Ok(Selection::Field(plain));
    }
    let items = vec![Positioned::new(Selection::Field(plain), field.pos)];
    let fragment = InlineFragment {
        type_condition: None,
        directives,
        selection_set: Positioned::new(SelectionSet { items }, field.pos),
    };
    Ok(Selection::InlineFragment(Positioned::new(fragment, field.pos)))
}
