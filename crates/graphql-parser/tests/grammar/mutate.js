// Generates slightly invalid documents: removes, repeats, swaps or inserts tokens, characters or bytes.

import { name, number, string } from './literals.js';

const PUNCTUATORS = ['!', '$', '&', '(', ')', '...', ':', '=', '@', '[', ']', '{', '|', '}', '.', '..', ';', "'", '%', '"'];
const CHARACTERS = [
  ...' \t\n\r,#"\\!$&()[]{}|:=@.-+0123456789eEuabqQ_\'', '\ufeff', '\u00a0', '\u2028', '\u000b', '\u000c', '\u0000', '\u007f', 'é', '🦆',
  '"""', '\\"""', '\\u{', '...', '\r\n',
];

function token(random) {
  const kind = random.below(10);
  if (kind < 5) return random.pick(PUNCTUATORS);
  if (kind < 8) return name(random);
  return kind < 9 ? number(random) : string(random);
}

/** Random tokens in any order. */
export function soup(random) {
  return random.list(0, 12, () => token(random));
}

export function mutateTokens(random, tokens) {
  const mutated = [...tokens];
  for (let times = random.between(1, 2); times > 0; times--) {
    const at = random.below(mutated.length + 1);
    const other = random.below(mutated.length + 1);
    const changes = [
      () => mutated.splice(at, 1),
      () => mutated.splice(at, 0, ...mutated.slice(at, at + random.between(1, 4))),
      () => mutated.splice(at, 0, token(random)),
      () => mutated.splice(at, 1, token(random)),
      () => mutated.splice(at, 2, ...mutated.slice(at, at + 2).reverse()),
      () => mutated.splice(at, random.between(1, 5)),
      () => mutated.splice(at, 0, ...mutated.slice(other, other + 3)),
      () => mutated.splice(at),
    ];
    random.pick(changes)();
  }
  return mutated;
}

export function mutateCharacters(random, text) {
  const characters = [...text];
  for (let times = random.between(1, 3); times > 0; times--) {
    const at = random.below(characters.length + 1);
    const changes = [
      () => characters.splice(at, 1),
      () => characters.splice(at, 0, random.pick(CHARACTERS)),
      () => characters.splice(at, 1, random.pick(CHARACTERS)),
      () => characters.splice(at, 0, ...characters.slice(at, at + random.between(1, 6))),
      () => characters.splice(at, 2, ...characters.slice(at, at + 2).reverse()),
    ];
    random.pick(changes)();
  }
  return characters.join('');
}

/** Invalid UTF-8 becomes U+FFFD, as it would in a server that decodes leniently. */
export function mutateBytes(random, text) {
  const bytes = Buffer.from(text);
  if (bytes.length === 0) return text;
  for (let times = random.between(1, 3); times > 0; times--) {
    const at = random.below(bytes.length);
    bytes[at] = random.chance(50) ? random.below(256) : bytes[at] ^ (1 << random.below(8));
  }
  return bytes.toString('utf8');
}
