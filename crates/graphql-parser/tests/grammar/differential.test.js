// Generated documents, parsed by graphql-js and by the graphql-parser crate: both must accept the same documents, return
// the same tree and values, and report errors at the same position.
//
//   node differential.test.js [--count DOCUMENTS] [--seed SEED] [--first INDEX]
//
// A difference is reported with the index of its document: `--first INDEX --count 1` runs only that one.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { parseArgs } from 'node:util';
import { text, tokens } from './generate.js';
import { mutateBytes, mutateCharacters, mutateTokens, soup } from './mutate.js';
import { Random } from './random.js';
import { read } from './reference.js';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
  },
});
const [COUNT, SEED, FIRST] = [Number(values.count), Number(values.seed), Number(values.first)];
/** Documents sent to the parser at a time. */
const BATCH = 500;
/** Maximum number of differences shown. */
const MAX_SHOWN = 5;

function document(index) {
  const random = new Random(Math.imul(SEED, 0x9e3779b1) + index);
  const kind = random.below(100);
  if (kind < 3) return text(random, soup(random));
  const valid = tokens(random);
  if (kind < 60) return text(random, valid);
  if (kind < 80) return text(random, mutateTokens(random, valid));
  return (kind < 92 ? mutateCharacters : mutateBytes)(random, text(random, valid));
}

/** Describes how the result of the crate differs from the expected one; undefined if it does not. */
function difference(expected, [answer, ...found]) {
  if (answer === 'document') {
    return JSON.stringify(expected.document) === JSON.stringify([answer, ...found]) ? undefined : 'different tree';
  }
  const [kind, line, column, message] = found;
  const isBefore = ([otherLine, otherColumn]) => line < otherLine || (line === otherLine && column <= otherColumn);
  if (expected.document) return 'refused by the crate only';
  if (expected.faults) {
    const isAmong = expected.faults.some((fault) => String(fault) === String([kind, line, column]));
    return isAmong ? undefined : 'different fault';
  }
  // The crate stops reading at the first type definition, so it may not reach the syntax error of graphql-js.
  if (kind === 'NotExecutable') return isBefore(expected.syntax) ? undefined : 'different fault';
  if (kind !== 'Syntax') return 'not a syntax error';
  // The crate reports an unterminated string at its beginning, graphql-js does not.
  if (expected.isOpenString && message.includes('is not closed')) {
    return isBefore(expected.syntax) ? undefined : 'different position of an unterminated string';
  }
  return String([line, column]) === String(expected.syntax) ? undefined : 'different position of the syntax error';
}

const crate = new URL('../..', import.meta.url).pathname;
const profile = COUNT > 100_000 ? ['--release'] : [];

test(`${COUNT} documents from ${FIRST} with seed ${SEED}`, async () => {
  const command = ['run', '--quiet', '--locked', ...profile, '--example', 'dump'];
  const parser = spawn('cargo', command, { cwd: crate, stdio: ['pipe', 'pipe', 'inherit'] });
  // Writing fails if the parser has exited, which is reported below.
  parser.stdin.on('error', () => {});
  const answers = createInterface({ input: parser.stdout, crlfDelay: Infinity })[Symbol.asyncIterator]();
  const seen = { document: 0 };
  const differences = [];
  try {
    for (let index = FIRST; index < FIRST + COUNT; index += BATCH) {
      const length = Math.min(BATCH, FIRST + COUNT - index);
      const texts = Array.from({ length }, (_, offset) => document(index + offset));
      parser.stdin.write(texts.map((text) => `${JSON.stringify(text)}\n`).join(''));
      for (const [offset, text] of texts.entries()) {
        const { value: line, done } = await answers.next();
        assert.ok(!done, `the parser exited at document ${index + offset} or a later one of the batch`);
        const answer = JSON.parse(line);
        const expected = read(text);
        const kind = answer[0] === 'document' ? 'document' : answer[1];
        seen[kind] = (seen[kind] ?? 0) + 1;
        const what = difference(expected, answer);
        if (what) differences.push({ index: index + offset, what, text, expected, answer });
      }
      if ((index + length) % 100_000 < BATCH) console.log(`${index + length}: ${differences.length} differences`);
    }
  } finally {
    parser.stdin.end();
  }
  console.log(seen);
  const shown = differences.slice(0, MAX_SHOWN).map((difference) => JSON.stringify(difference));
  assert.equal(differences.length, 0, `${differences.length} differences:\n${shown.join('\n')}`);
  // A large run must cover both accepted documents and every kind of error.
  if (COUNT >= 5000) {
    const ratio = seen.document / COUNT;
    assert.ok(ratio > 0.3 && ratio < 0.8, `${ratio} of all documents are accepted`);
    const kinds = [
      'Syntax', 'NotExecutable', 'NoOperation', 'AnonymousOperationNotAlone', 'DuplicateOperation', 'DuplicateFragment',
      'DuplicateInputField', 'NumberOutOfRange',
    ];
    for (const kind of kinds) assert.ok(seen[kind] > 0, `no document is refused as ${kind}`);
  }
});
