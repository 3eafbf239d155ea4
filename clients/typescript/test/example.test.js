// Runs the example against the program: every operation of ../../operations is executed, by text and by hash.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { PASSWORD, Program } from '../../../tests/clients/program.js';

const FOLDER = resolve(import.meta.dirname, '..');
const DOCUMENTS = join(FOLDER, 'src/generated/persisted-documents.json');
const documents = JSON.parse(await readFile(DOCUMENTS, 'utf8'));

/** The hash of an operation. */
const hashOf = (name) => {
  const found = Object.entries(documents).find(([, text]) => new RegExp(`\\b(query|mutation|subscription) ${name}\\b`).test(text));
  assert(found, name);
  return found[0];
};

/** Runs the example; returns what it prints. */
async function runExample(program, settings = {}) {
  const child = spawn(process.execPath, [join(FOLDER, 'dist/example.js')], {
    env: { PATH: process.env.PATH, STOCKROOM_URL: program.url, STOCKROOM_PASSWORD: PASSWORD, ...settings },
  });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  assert.equal(code, 0, output);
  return output;
}

function assertOutput(output) {
  for (const pattern of [
    /Logged in +admin, [1-9]\d permissions/,
    /Refused +title: BLANK: This field may not be blank\./,
    /Refused +sellingPrice: OUT_OF_RANGE: /,
    /Created +Brass Example Bell by Example & Daughters, 12\.50, 3 in stock/,
    /Changed +Brass Example Bell by Example & Daughters, 13\.00, 3 in stock/,
    /Too late +CONFLICT/,
    /Refused +items\.1\.quantity: /,
    /Stock +10 makes 13: INFLOW_CREATED by admin\nStock +-5 makes 8: OUTFLOW_CREATED by admin\nStock +-2 makes 6: /,
    /Low stock +Brass Example Bell .* 0 in stock/,
    /Detail +1 inflows, 3 outflows, 5 last entries/,
    /Thirty days +\d+ sold for \d+\.\d\d, profit -?\d+\.\d\d/,
    /Logged out/,
  ]) {
    assert.match(output, pattern);
  }
}

test('the example uses every operation', async () => {
  const sources = await Promise.all(['example.ts', 'stockroom.ts'].map((name) => readFile(join(FOLDER, 'src', name), 'utf8')));
  const names = Object.values(documents).map((text) => /\b(?:query|mutation|subscription) (\w+)/.exec(text)[1]);
  assert.equal(names.length, 22);
  for (const name of names) assert(sources.some((source) => source.includes(`${name}Document`)), name);
});

test('the example succeeds and reverts its changes', async (t) => {
  const program = await Program.start();
  t.after(() => program.stop());
  const totals = async () => {
    const { access } = await program.logIn('viewer');
    return program.data('{ analytics { stock { productCount unitCount sellingValue } } brands(first: 0) { totalCount } }', {}, access);
  };
  const before = await totals();
  assertOutput(await runExample(program));
  assert.deepEqual(await totals(), before);
  assert.match(await program.command(['check']), /\S/);
});

test('with trusted documents only, the server executes them by hash and refuses all others', async (t) => {
  const program = await Program.start({ settings: { GRAPHQL_DOCUMENTS: DOCUMENTS, GRAPHQL_DOCUMENTS_ONLY: 'true' } });
  t.after(() => program.stop());
  assertOutput(await runExample(program, { PERSISTED: '1' }));

  const hash = hashOf('Viewer');
  const anonymous = { data: { viewer: null } };
  for (const request of [
    { documentId: `sha256:${hash}` },
    { documentId: hash },
    { extensions: { persistedQuery: { version: 1, sha256Hash: hash } } },
    { query: documents[hash] },
  ]) {
    const { status, body } = await program.post(request);
    assert.equal(status, 200, JSON.stringify(request));
    assert.deepEqual(body, anonymous);
  }
  const byGet = await fetch(`${program.url}/graphql?documentId=sha256:${hash}`, { headers: { Accept: 'application/graphql-response+json' } });
  assert.deepEqual(await byGet.json(), anonymous);

  for (const other of [
    { query: '{ viewer { user { id } } }' },
    { query: '{ __schema { queryType { name } } }' },
    { query: `${documents[hash]} ` },
    { documentId: `sha256:${'0'.repeat(64)}` },
    { extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } } },
    { query: '{ viewer { user { id } } }', extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } } },
  ]) {
    const { status, body } = await program.post(other);
    assert.equal(status, 400, JSON.stringify(other));
    assert.equal(body.errors[0].extensions.code, 'PERSISTED_QUERY_NOT_FOUND');
    assert.equal(body.data, undefined);
  }
});

test('the program does not start with a file of invalid documents', async (t) => {
  const program = await Program.start({ products: 1 });
  t.after(() => program.stop());
  const folder = await mkdtemp(join(tmpdir(), 'stockroom-documents-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [content, complaint] of [
    ['[]', /expected a JSON object that maps hashes to documents/],
    ['{"abc": "{ nothing }"}', /abc: .*nothing/],
  ]) {
    const file = join(folder, 'documents.json');
    await writeFile(file, content);
    await assert.rejects(program.command(['serve'], '', { GRAPHQL_DOCUMENTS: file, BIND: '127.0.0.1:0' }), complaint);
  }
});
