// Generates documents from the grammar as lists of tokens, and texts from those tokens.

import { name, number, string } from './literals.js';

const IGNORED = [
  ' ', ' ', '\n', '\r', '\r\n', '\t', ',', '\ufeff', '# a comment\n', '#\r', '#{"""\\\r\n', '# é 🦆 \u2028 \u0000\n', ',,',
];

class Generator {
  constructor(random) {
    this.random = random;
  }

  document() {
    const { random } = this;
    const isShorthand = random.chance(25);
    if (isShorthand) {
      const fragments = random.list(0, 1, () => this.fragment());
      return [...this.selections(3), ...fragments.flat()];
    }
    const isAlone = random.chance(40);
    if (isAlone) return this.operation(40);
    const definitions = random.list(1, 3, () => {
      if (random.chance(2)) return this.typeSystem();
      if (random.chance(1)) return this.selections(2);
      return random.chance(45) ? this.fragment() : this.operation(1);
    });
    // A document without an operation is refused.
    if (random.chance(95)) definitions.splice(random.below(definitions.length + 1), 0, this.operation(1));
    return definitions.flat();
  }

  optional(percent, make) {
    return this.random.chance(percent) ? make() : [];
  }

  description() {
    return this.optional(15, () => [string(this.random)]);
  }

  operation(percentAnonymous) {
    const { random } = this;
    return [
      ...this.description(),
      random.pick(['query', 'query', 'mutation', 'subscription']),
      ...this.optional(100 - percentAnonymous, () => [this.unique()]),
      ...this.optional(50, () => this.variables()),
      ...this.directives(false),
      ...this.selections(random.between(1, 4)),
    ];
  }

  variables() {
    const variable = () => [
      ...this.description(),
      '$',
      name(this.random),
      ':',
      ...this.type(3),
      ...this.optional(40, () => ['=', ...this.value(3, true)]),
      ...this.directives(true),
    ];
    return ['(', ...this.random.list(this.random.chance(1) ? 0 : 1, 3, variable).flat(), ')'];
  }

  type(depth) {
    const inner = depth > 0 && this.random.chance(30) ? ['[', ...this.type(depth - 1), ']'] : [name(this.random)];
    return [...inner, ...this.optional(35, () => ['!'])];
  }

  selections(depth) {
    const selection = () => {
      const { random } = this;
      if (random.chance(12)) return ['...', this.fragmentName(), ...this.directives(false)];
      if (depth > 0 && random.chance(15)) {
        const condition = this.optional(65, () => ['on', name(random)]);
        return ['...', ...condition, ...this.directives(false), ...this.selections(depth - 1)];
      }
      return [
        ...this.optional(20, () => [name(random), ':']),
        name(random),
        ...this.optional(30, () => this.arguments(false)),
        ...this.directives(false),
        ...(depth > 0 ? this.optional(40, () => this.selections(depth - 1)) : []),
      ];
    };
    return ['{', ...this.random.list(this.random.chance(0.3) ? 0 : 1, 4, selection).flat(), '}'];
  }

  fragment() {
    return [
      ...this.description(),
      'fragment',
      this.random.chance(0.5) ? 'on' : this.unique(),
      'on',
      name(this.random),
      ...this.directives(false),
      ...this.selections(2),
    ];
  }

  /** A name that is seldom repeated, for places where duplicates are refused. */
  unique() {
    const made = name(this.random);
    if (this.random.chance(12)) return 'same';
    return made === 'on' || this.random.chance(80) ? `${made}${this.random.below(100_000)}` : made;
  }

  fragmentName() {
    const made = name(this.random);
    return made === 'on' && !this.random.chance(10) ? 'onward' : made;
  }

  directives(isConstant) {
    if (!this.random.chance(12)) return [];
    const directive = () => ['@', name(this.random), ...this.optional(50, () => this.arguments(isConstant))];
    return this.random.list(1, 2, directive).flat();
  }

  arguments(isConstant) {
    const argument = () => [name(this.random), ':', ...this.value(3, isConstant)];
    return ['(', ...this.random.list(this.random.chance(1) ? 0 : 1, 3, argument).flat(), ')'];
  }

  value(depth, isConstant) {
    const { random } = this;
    const kind = random.below(depth > 0 ? 100 : 75);
    if (kind < 22) return [number(random)];
    if (kind < 45) return [string(random)];
    if (kind < 55) return [random.pick(['true', 'false', 'null'])];
    if (kind < 63) return [name(random)];
    // A constant can't contain variables, so a few are generated as errors.
    if (kind < 75) return isConstant && !random.chance(3) ? ['0'] : ['$', name(random)];
    if (kind < 88) return ['[', ...random.list(0, 4, () => this.value(depth - 1, isConstant)).flat(), ']'];
    const field = () => {
      return [this.unique(), ':', ...this.value(depth - 1, isConstant)];
    };
    return ['{', ...random.list(0, 3, field).flat(), '}'];
  }

  typeSystem() {
    const { random } = this;
    const definition = random.pick([
      ['schema', '{', 'query', ':', 'Query', '}'],
      ['scalar', name(random)],
      ['type', name(random), 'implements', '&', 'A', '&', 'B', '{', 'a', ':', ...this.type(2), '}'],
      ['interface', 'I', '{', 'a', '(', 'b', ':', 'Int', '=', '1', ')', ':', 'Int', '}'],
      ['union', 'U', '=', '|', 'A', '|', 'B'],
      ['enum', 'E', '{', 'A', 'B', '}'],
      ['input', 'In', '{', 'a', ':', 'Int', '=', '1', '}'],
      ['directive', '@', 'd', 'repeatable', 'on', 'FIELD', '|', 'QUERY'],
      ['extend', 'type', 'A', '@', 'd'],
      ['extend', 'schema', '@', 'd'],
      ['extend', 'directive', '@', 'd'],
      ['extend', name(random), name(random)],
    ]);
    return [...this.description(), ...definition];
  }
}

/** The tokens of a document that is usually valid; some literals and lists are wrong on purpose. */
export function tokens(random) {
  return new Generator(random).document();
}

/** Joins tokens with ignored text between them: as little as possible, one space, or anything. */
export function text(random, tokens) {
  const style = random.pick(['dense', 'spaced', 'wild', 'wild']);
  const gap = (left, right) => {
    const isNeeded = needsGap(left, right);
    if (style === 'spaced') return ' ';
    const isLeftOut = isNeeded && random.chance(0.05);
    const min = isNeeded && !isLeftOut ? 1 : 0;
    if (style === 'dense') return min === 1 ? random.pick(IGNORED) : '';
    return random.list(min, min + random.pick([0, 1, 1, 3]), () => random.pick(IGNORED)).join('');
  };
  let joined = gap('', '');
  tokens.forEach((token, index) => {
    joined += token + gap(token, tokens[index + 1] ?? '');
  });
  // A comment may end at the end of the document instead of a line terminator.
  return random.chance(5) ? `${joined}# the end` : joined;
}

/** Whether two adjacent tokens would be read as one, or as something that is not a token. */
function needsGap(left, right) {
  const isWord = (character) => /[A-Za-z0-9_]/.test(character ?? '');
  if (isWord(left.at(-1)) && isWord(right[0])) return true;
  if (/[0-9]$/.test(left) && right.startsWith('.')) return true;
  return left.endsWith('"') && right.startsWith('"');
}
