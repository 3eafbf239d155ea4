// The audits of `graphql-http` against the example of the crate graphql-server, which serves one schema in three ways.
// The results are the reason why the crate has its own HTTP handler. Once async-graphql-axum passes all of them, that handler can
// be removed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { ROOT } from './program.js';

const BINARY =
  process.env.BOOKS_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'debug/examples/books');
assert(existsSync(BINARY), `${BINARY} does not exist: run cargo build -p graphql-server --example books`);

let child;
let origin;
before(async () => {
  child = spawn(BINARY, ['127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  origin = new URL(line).origin;
});
after(async () => {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
});

/** The number of audits that a path passes; a recommendation passes only if it is followed. */
async function countPassed(path) {
  const results = [];
  for (const audit of serverAudits({ url: () => origin + path })) {
    const result = await audit.fn();
    results.push({ id: audit.id, name: audit.name, isPassed: result.status === 'ok' });
  }
  assert.equal(results.length, 61);
  return results.filter(({ isPassed }) => isPassed).length;
}

test('the handler of the crate passes all audits', async () => assert.equal(await countPassed('/graphql'), 61));

test('async-graphql-axum around the engine of the crate passes 46 audits', async () => assert.equal(await countPassed('/axum'), 46));

test('async-graphql-axum around the plain schema passes 46 audits', async () => assert.equal(await countPassed('/plain'), 46));
