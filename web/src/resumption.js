// Continues a subscription after a lost connection: `stockChanged` takes the id of the last entry that was received.

import { Kind, parse, print, visit } from 'graphql';

/** The field that can be continued; there is one root field in a subscription. */
const FIELD = 'stockChanged';
/** The response key under which the id is asked for beside what the reader selects. */
const ID = 'stockroomEntryId';

const name = (value) => ({ kind: Kind.NAME, value });

/** Edits each occurrence of the field. */
const edited = (document, edit) => visit(document, { Field: (field) => (field.name.value === FIELD ? edit(field) : undefined) });

/** A variable that only the replaced argument had would be refused. */
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
    this.#document = edited(parse(params.query), (field) => {
      this.#key = field.alias?.value ?? FIELD;
      const id = { kind: Kind.FIELD, alias: name(ID), name: name('id') };
      const selections = [...(field.selectionSet?.selections ?? []), id];
      return { ...field, selectionSet: { kind: Kind.SELECTION_SET, selections } };
    });
  }

  /** What to send now. */
  params() {
    if (!this.#key) return this.#params;
    if (this.#last === null) return { ...this.#params, query: print(this.#document) };
    const after = { kind: Kind.ARGUMENT, name: name('after'), value: { kind: Kind.STRING, value: this.#last } };
    const document = edited(this.#document, (field) => ({
      ...field,
      arguments: [...field.arguments.filter((argument) => argument.name.value !== 'after'), after],
    }));
    return { ...this.#params, query: print(withoutUnusedVariables(document)) };
  }

  /** Remembers the entry of a result, and returns the result as the reader asked for it. */
  received(result) {
    const entry = result.data?.[this.#key];
    if (typeof entry?.[ID] !== 'string') return result;
    const { [ID]: last, ...shown } = entry;
    this.#last = last;
    return { ...result, data: { ...result.data, [this.#key]: shown } };
  }
}
