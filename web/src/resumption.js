// Continues a subscription after a lost connection: `stockChanged` takes the id of the last entry that was received.

import { Kind, parse, print, visit } from 'graphql';

/** The only root field that can be continued. */
const FIELD = 'stockChanged';
/** The response key of the id that is selected in addition to the user's selection. */
const ID = 'stockroomEntryId';

const name = (value) => ({ kind: Kind.NAME, value });

/** Edits each occurrence of the field. */
const editField = (document, edit) => visit(document, { Field: (field) => (field.name.value === FIELD ? edit(field) : undefined) });

/** Removes definitions of variables that only the replaced argument used; the server refuses unused variables. */
function withoutUnusedVariables(document) {
  const used = new Set();
  visit(document, {
    VariableDefinition: () => false,
    Variable: (variable) => void used.add(variable.name.value),
  });
  return visit(document, { VariableDefinition: (definition) => (used.has(definition.variable.name.value) ? false : null) });
}

/** An operation that can be sent again to continue after the last entry that was received. */
export class Resumption {
  #params;
  #document;
  #key;
  #last = null;

  constructor(params) {
    this.#params = params;
    this.#document = editField(parse(params.query), (field) => {
      this.#key = field.alias?.value ?? FIELD;
      const id = { kind: Kind.FIELD, alias: name(ID), name: name('id') };
      const selections = [...(field.selectionSet?.selections ?? []), id];
      return { ...field, selectionSet: { kind: Kind.SELECTION_SET, selections } };
    });
  }

  /** The parameters of the next request. */
  params() {
    if (!this.#key) return this.#params;
    if (this.#last === null) return { ...this.#params, query: print(this.#document) };
    const after = { kind: Kind.ARGUMENT, name: name('after'), value: { kind: Kind.STRING, value: this.#last } };
    const document = editField(this.#document, (field) => ({
      ...field,
      arguments: [...field.arguments.filter((argument) => argument.name.value !== 'after'), after],
    }));
    return { ...this.#params, query: print(withoutUnusedVariables(document)) };
  }

  /** Stores the id of a result's entry, and returns the result without the added field. */
  received(result) {
    const entry = result.data?.[this.#key];
    if (typeof entry?.[ID] !== 'string') return result;
    const { [ID]: last, ...selected } = entry;
    this.#last = last;
    return { ...result, data: { ...result.data, [this.#key]: selected } };
  }
}
