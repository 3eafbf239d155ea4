// Generates clients from the description that the program serves, compiles them, and uses each against the program.
// PYTHON names the interpreter that has openapi-python-client; scripts/clients sets it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PASSWORD, Program } from '../clients/program.js';

const HERE = import.meta.dirname;
const BIN = join(HERE, 'node_modules/.bin');
const PYTHON = process.env.PYTHON;
assert(PYTHON, 'PYTHON is not set: run scripts/clients openapi');

/** Runs a command to completion; its output is shown when it fails. */
async function run(command, args, settings = {}) {
  const child = spawn(command, args, { cwd: HERE, env: { ...process.env, ...settings } });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  const [code] = await once(child, 'close');
  assert.equal(code, 0, `${command} ${args.join(' ')}:\n${output}`);
  return output;
}

/** Starts Prism as a validating proxy; returns its URL and the process. */
async function prism(upstream) {
  const child = spawn(join(BIN, 'prism'), ['proxy', 'generated/openapi.json', upstream, '--port', '0'], { cwd: HERE });
  let output = '';
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', (data) => {
      output += data;
      const found = /listening on (http:\/\/[^\s]+)/.exec(output);
      if (found) resolve(found[1]);
    });
    child.stderr.on('data', (data) => (output += data));
    child.once('exit', () => reject(new Error(output)));
  });
  return { url, child };
}

const program = await Program.start({ products: 60 });
let proxy;
try {
  await rm(join(HERE, 'generated'), { recursive: true, force: true });
  await mkdir(join(HERE, 'generated'));
  const description = await (await fetch(`${program.url}/api/v1/openapi.json`)).text();
  await writeFile(join(HERE, 'generated/openapi.json'), description);
  const settings = { STOCKROOM_URL: `${program.url}/api/v1`, STOCKROOM_PASSWORD: PASSWORD };
  const input = './generated/openapi.json';

  // openapi-python-client runs ruff, which is in the same directory.
  const path = { PATH: `${dirname(PYTHON)}:${process.env.PATH}` };
  await Promise.all([
    run(join(BIN, 'openapi-typescript'), [input, '-o', 'generated/schema.d.ts']),
    run(join(BIN, 'openapi-ts'), ['-i', input, '-o', 'generated/hey', '-c', '@hey-api/client-fetch']),
    run(join(BIN, 'orval'), ['--config', 'orval.config.cjs'], settings),
    run(join(dirname(PYTHON), 'openapi-python-client'), ['generate', '--path', input, '--output-path', 'generated/python', '--overwrite', '--fail-on-warning'], path),
  ]);
  const bundle = ['clients.ts', '--bundle', '--platform=node', '--format=esm', '--outfile=generated/bundle.js', '--log-level=warning'];
  await Promise.all([run(join(BIN, 'tsc'), []), run(join(BIN, 'esbuild'), bundle)]);

  proxy = await prism(settings.STOCKROOM_URL);
  console.log(await run(process.execPath, ['--test', '--test-reporter=spec', 'generated/bundle.js'], { ...settings, PRISM_URL: proxy.url }));
  console.log(await run(PYTHON, ['client.py'], settings));
} finally {
  proxy?.child.kill();
  await program.stop();
}
