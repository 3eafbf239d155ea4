// The program for tests in Node: `stockroom serve` on its own port and its own SQLite file, with sample data and
// the users of `stockroom demo`. The file is removed afterwards.
//
// STOCKROOM_BIN names the program; the default is the debug build of `cargo test`.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** The repository. */
export const ROOT = resolve(import.meta.dirname, '../..');

const BINARY = process.env.STOCKROOM_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'debug/stockroom');
assert(existsSync(BINARY), `${BINARY} does not exist: run cargo build, or set STOCKROOM_BIN`);

/** The password of every user. */
export const PASSWORD = 'correct horse battery staple';

const USERS = [
  ['admin', '--superuser'],
  ['manager', '--group', 'Manager'],
  ['viewer'],
];

/** The environment of the program; Stockroom's settings in the environment of this process are not passed on. */
const ENVIRONMENT = { PATH: process.env.PATH, RUST_BACKTRACE: '1' };

/** A running program. */
export class Program {
  #directory;
  #settings;
  #child;
  /** The lines of the log, shown if a test fails. */
  #log = [];
  /** The base URL: `http://127.0.0.1:…`. */
  url;

  /**
   * Creates a database with `products` products and the users, and serves it.
   *
   * @param {{ products?: number, settings?: Record<string, string> }} options `settings` as environment variables.
   */
  static async start({ products = 60, settings = {} } = {}) {
    const program = new Program();
    program.#directory = await mkdtemp(join(tmpdir(), 'stockroom-clients-'));
    program.#settings = {
      ...ENVIRONMENT,
      DATABASE_URL: `sqlite://${join(program.#directory, 'stockroom.db')}`,
      LOG_FORMAT: 'json',
      ...settings,
    };
    try {
      await program.command(['seed', '--products', String(products)]);
      for (const user of USERS) await program.command(['user', 'create', '--password-stdin', ...user], `${PASSWORD}\n`);
      await program.#serve('127.0.0.1:0');
    } catch (error) {
      await program.stop().catch(() => {});
      throw error;
    }
    return program;
  }

  /** Runs another command of the program on the same database; returns its output. */
  async command(args, input = '', settings = {}) {
    const child = spawn(BINARY, args, { env: { ...this.#settings, ...settings }, cwd: this.#directory });
    let output = '';
    let errors = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (errors += data));
    child.stdin.end(input);
    const [code] = await once(child, 'close');
    assert.equal(code, 0, `stockroom ${args.join(' ')}: ${errors}`);
    return output;
  }

  async #serve(bind) {
    const child = spawn(BINARY, ['serve'], {
      env: { ...this.#settings, BIND: bind },
      cwd: this.#directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    const lines = createInterface({ input: child.stderr });
    this.url = await new Promise((resolve, reject) => {
      lines.on('line', (line) => {
        this.#log.push(line);
        if (line.includes('"serving"')) resolve(`http://${JSON.parse(line).address}`);
      });
      child.once('exit', (code, signal) => reject(new Error(`the program ended with ${code ?? signal}:\n${this.#log.join('\n')}`)));
    });
  }

  /** Kills the program and serves the same database at the same address again. */
  async crash() {
    await this.kill();
    await this.restart();
  }

  /** Kills the program. */
  async kill() {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  /** Serves the same database at the same address again. */
  async restart() {
    await this.#serve(new URL(this.url).host);
  }

  /** Sends SIGINT and removes the database; fails if the exit status is not 0. */
  async stop() {
    const child = this.#child;
    try {
      if (child && child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGINT');
        const [code, signal] = await exited;
        assert.equal(code ?? signal, 0, this.#log.join('\n'));
      }
    } finally {
      await rm(this.#directory, { recursive: true, force: true });
    }
  }

  /** The log so far. */
  get log() {
    return this.#log.join('\n');
  }

  /** Sends a body to `/graphql` as JSON; returns the status, the headers and the body of the response. */
  async post(body, { token, headers = {} } = {}) {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/graphql-response+json',
        ...(token && { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  /** Executes an operation and returns its data; fails on errors. */
  async data(query, variables, token) {
    const { body } = await this.post({ query, variables }, { token });
    assert.equal(body.errors, undefined, JSON.stringify(body.errors));
    return body.data;
  }

  /** Logs in; returns `{ access, refresh }`. */
  async logIn(username, password = PASSWORD) {
    const { login } = await this.data(
      `mutation LogIn($input: LoginInput!) { login(input: $input) { access refresh userErrors { code message } } }`,
      { input: { username, password } },
    );
    assert.deepEqual(login.userErrors, []);
    return login;
  }
}
