// Generates names, numbers and strings, some of which are slightly invalid.

const NAMES = ['a', 'b', 'id', 'first', '_', '__typename', 'A1', 'x_2', 'totalCount', 'Brand', 'Int', 'ID', 'queryQ'];
// Keywords are ordinary names outside of their context.
const KEYWORDS = [
  'query', 'mutation', 'subscription', 'fragment', 'on', 'true', 'false', 'null', 'type', 'schema', 'extend', 'input',
  'enum', 'scalar', 'union', 'interface', 'directive', 'implements', 'repeatable',
];

const INTS = [
  '0', '-0', '7', '-1', '42', '2147483647', '2147483648', '-2147483649', '9007199254740993', '9223372036854775807',
  '-9223372036854775808', '9223372036854775808', '-9223372036854775809', '18446744073709551615',
  '18446744073709551616', '123456789012345678901234567890', `1${'0'.repeat(308)}`, `1${'0'.repeat(309)}`,
];
const FLOATS = [
  '0.0', '-0.0', '1.5', '-1.50', '0.1', '1e3', '1E+3', '1e-3', '6.02e23', '-2.5E-7', '0e0', '1e308', '1.8e308', '1e309',
  '-1e400', '5e-324', '2.4e-324', '1e-400', '0.30000000000000004', '12345678901234567890.123456789', '9007199254740993.0',
  '2.2250738585072011e-308', '1.7976931348623157e308', '0.1e01', '8.5e00012',
];
const ALMOST_NUMBERS = [
  '00', '01', '-', '-a', '1.', '.5', '1.e3', '1e', '1e+', '1.2.3', '1a', '0x1F', '1_000', '1.5e', '-.5', '+1', '1..2',
  '1...', '0.0.', '1e1.5', '--1', '1é', '-00', '-01', '1e5x', 'Infinity', 'NaN',
];

const CHARACTERS = [
  'a', 'Z', '0', ' ', '\t', ',', '#', '{', '}', '(', '[', '$', '@', '!', "'", '/', 'u', 'é', 'ß', '\u00a0', '\u2028',
  '\ufeff', '\u0000', '\u0007', '\u007f', '\ud7ff', '\ue000', '\uffff', '🦆', '\u{10ffff}', '日', 'e\u0301',
];
const ESCAPES = [
  '\\"', '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t', '\\u0041', '\\u00e9', '\\u0000', '\\uFFFF', '\\ud7FF', '\\uE000',
  '\\uD83E\\uDD86', '\\ud83e\\udd86', '\\uDBFF\\uDFFF', '\\uD800\\uDC00', '\\u{0}', '\\u{41}', '\\u{1F986}',
  '\\u{0001f986}', '\\u{10FFFF}', '\\u{D7FF}', '\\u{00000041}',
];
const BAD_ESCAPES = [
  '\\', '\\x', '\\u', '\\u{', '\\u{}', '\\u{110000}', '\\u{D83E}', '\\u{DFFF}', '\\u{000000041}', '\\u{12', '\\u{zz}', '\\u004',
  '\\u00g0', '\\uD83E', '\\uDD86', '\\uDD86\\uD83E', '\\uD83Ex', '\\uD83E\\u0041', '\\uD83E\\n', '\\uD83E\\u{DD86}', '\\U0041',
  "\\'", '\\0', '\\a', '\\é', '\\🦆', '\\u{FFFFFFFF}', '\\u{80000000}', '\\u{ 41}', '\\u+041', '\\u{+41}', '\\u-041',
  '\\u{1F986', '\\uD83E\\uD83E', '\\uD83E\\', '\\uD83E\\u',
];

export function name(random) {
  if (random.chance(12)) return random.pick(KEYWORDS);
  return random.chance(50) ? `${random.pick(NAMES)}${random.below(1000)}` : random.pick(NAMES);
}

export function number(random) {
  if (random.chance(1)) return random.pick(ALMOST_NUMBERS);
  if (random.chance(10)) return random.pick(random.chance(50) ? INTS : FLOATS);
  const digits = () => random.list(1, random.chance(5) ? 25 : 6, () => random.below(10)).join('');
  const sign = random.chance(30) ? '-' : '';
  const int = random.chance(20) ? '0' : `${random.between(1, 9)}${random.chance(60) ? digits() : ''}`;
  const fraction = random.chance(35) ? `.${digits()}` : '';
  const exponent = random.chance(20)
    ? `${random.pick(['e', 'E'])}${random.pick(['', '+', '-'])}${random.below(random.chance(5) ? 400 : 30)}`
    : '';
  return sign + int + fraction + exponent;
}

export function string(random) {
  return random.chance(60) ? quoted(random) : block(random);
}

function quoted(random) {
  const pieces = random.list(0, 6, () => {
    if (random.chance(0.4)) return random.pick(BAD_ESCAPES);
    if (random.chance(0.1)) return random.pick(['\n', '\r', '"']);
    return random.pick(random.chance(35) ? ESCAPES : CHARACTERS);
  });
  return `"${pieces.join('')}"`;
}

function block(random) {
  const indent = () => random.list(0, 5, () => random.pick([' ', ' ', ' ', '\t'])).join('');
  const common = indent();
  const content = () =>
    random
      .list(0, 5, () => {
        if (random.chance(25)) return random.pick(['\\"""', '\\', '\\\\', '"', '""x', '\\n', '\\u0041', '\\"', '\\""']);
        return random.pick(CHARACTERS);
      })
      .join('');
  const line = () => {
    if (random.chance(25)) return random.chance(50) ? '' : indent();
    return (random.chance(80) ? common : '') + indent() + content() + (random.chance(20) ? indent() : '');
  };
  let text = random.list(1, 6, line).reduce((joined, next) => joined + random.pick(['\n', '\n', '\r', '\r\n']) + next);
  // A quote or a backslash before the closing quotes would become part of them.
  if (/["\\]$/.test(text) && !random.chance(3)) text += random.pick([' ', 'x', '\n']);
  if (!random.chance(3)) text = text.replaceAll(/(?<!\\)"""/g, '\\"""');
  return `"""${text}"""`;
}
