// The result of graphql-js for a text, in the format of examples/dump.rs.

import { GraphQLError, Kind, parse } from 'graphql';

const EXECUTABLE = [Kind.OPERATION_DEFINITION, Kind.FRAGMENT_DEFINITION];

/**
 * `{ document }`; or `{ faults }`, if the text follows the grammar but the crate's tree can't represent it; or
 * `{ syntax, isOpenString }`: the line and column of a syntax error, and whether it is about an unterminated string.
 */
export function read(text) {
  try {
    return new Reading(text, parse(text)).result();
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const [position] = error.positions;
    const before = text.slice(0, position);
    const lines = before.split(/\r\n|[\n\r]/);
    const syntax = [lines.length, [...lines.at(-1)].length + 1];
    return { syntax, isOpenString: error.message.includes('Unterminated string'), message: error.message };
  }
}

class Reading {
  constructor(text, { definitions }) {
    this.text = text;
    this.definitions = definitions;
    // graphql-js counts UTF-16 units as columns, the crate counts characters.
    this.hasSurrogates = /[\ud800-\udfff]/.test(text);
    this.faults = [];
  }

  result() {
    const foreign = this.definitions.find(({ kind }) => !EXECUTABLE.includes(kind));
    if (foreign) {
      this.fault('NotExecutable', foreign);
      return { faults: this.faults };
    }
    const all = (wanted) => this.definitions.filter(({ kind }) => kind === wanted);
    const operations = all(Kind.OPERATION_DEFINITION);
    const fragments = all(Kind.FRAGMENT_DEFINITION);
    const document = [
      'document',
      operations.map((operation) => this.operation(operation)),
      fragments.map((fragment) => this.fragment(fragment)),
    ];
    const anonymous = operations.find(({ name }) => !name);
    if (anonymous && operations.length > 1) this.fault('AnonymousOperationNotAlone', anonymous);
    this.unique('DuplicateOperation', operations.filter(({ name }) => name));
    this.unique('DuplicateFragment', fragments);
    if (operations.length === 0) this.fault('NoOperation', this.definitions[0]);
    return this.faults.length > 0 ? { faults: this.faults } : { document };
  }

  fault(kind, node) {
    this.faults.push([kind, ...this.at(node)]);
  }

  unique(kind, named) {
    const names = new Set();
    for (const { name } of named) {
      if (names.has(name.value)) this.fault(kind, name);
      names.add(name.value);
    }
  }

  at({ loc: { startToken } }) {
    const { line, column, start } = startToken;
    if (!this.hasSurrogates) return [line, column];
    return [line, [...this.text.slice(start - column + 1, start)].length + 1];
  }

  operation(node) {
    const { operation, name, variableDefinitions, directives, selectionSet } = node;
    const variables = variableDefinitions.map((variable) => this.variable(variable));
    const rest = [this.directives(directives), this.selections(selectionSet), ...this.at(node)];
    return [operation, name?.value ?? null, variables, ...rest];
  }

  fragment(node) {
    const { name, typeCondition, directives, selectionSet } = node;
    const rest = [this.directives(directives), this.selections(selectionSet), ...this.at(node)];
    return [name.value, this.named(typeCondition.name), ...rest];
  }

  variable(node) {
    const { variable, type, defaultValue, directives } = node;
    return [
      this.named(variable.name),
      [this.type(type), ...this.at(type)],
      defaultValue ? this.valued(defaultValue) : null,
      this.directives(directives),
      ...this.at(node),
    ];
  }

  type(node) {
    if (node.kind === Kind.NON_NULL_TYPE) return ['!', this.type(node.type)];
    return node.kind === Kind.LIST_TYPE ? [this.type(node.type)] : node.name.value;
  }

  directives(nodes) {
    return nodes.map((node) => [this.named(node.name), this.arguments(node.arguments), ...this.at(node)]);
  }

  arguments(nodes) {
    return nodes.map(({ name, value }) => [this.named(name), this.valued(value)]);
  }

  selections(node) {
    if (!node) return null;
    return [node.selections.map((selection) => this.selection(selection)), ...this.at(node)];
  }

  selection(node) {
    const directives = this.directives(node.directives);
    switch (node.kind) {
      case Kind.FRAGMENT_SPREAD:
        return ['spread', this.named(node.name), directives, ...this.at(node)];
      case Kind.INLINE_FRAGMENT: {
        const condition = node.typeCondition ? this.named(node.typeCondition.name) : null;
        return ['inline', condition, directives, this.selections(node.selectionSet), ...this.at(node)];
      }
      default: {
        const alias = node.alias ? this.named(node.alias) : null;
        const rest = [directives, this.selections(node.selectionSet), ...this.at(node)];
        return ['field', alias, this.named(node.name), this.arguments(node.arguments), ...rest];
      }
    }
  }

  named(node) {
    return [node.value, ...this.at(node)];
  }

  valued(node) {
    return [this.value(node), ...this.at(node)];
  }

  value(node) {
    switch (node.kind) {
      case Kind.VARIABLE:
        return ['variable', node.name.value];
      case Kind.NULL:
        return ['null'];
      case Kind.INT:
        return this.int(node);
      case Kind.FLOAT:
        return this.float(node);
      case Kind.STRING:
        return ['string', node.value];
      case Kind.BOOLEAN:
        return ['boolean', node.value];
      case Kind.ENUM:
        return ['enum', node.value];
      case Kind.LIST:
        return ['list', node.values.map((value) => this.value(value))];
      default:
        this.unique('DuplicateInputField', node.fields);
        return ['object', node.fields.map(({ name, value }) => [name.value, this.value(value)])];
    }
  }

  int(node) {
    const exact = BigInt(node.value);
    return exact >= -(2n ** 63n) && exact < 2n ** 64n ? ['int', exact.toString()] : this.float(node);
  }

  float(node) {
    const double = Number(node.value);
    if (!Number.isFinite(double)) this.fault('NumberOutOfRange', node);
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setFloat64(0, double);
    return ['float', bytes.getBigUint64(0).toString(16).padStart(16, '0')];
  }
}
