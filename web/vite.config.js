// How the pages are built: two HTML entries, everything they need bundled beside them under hashed names, and a
// Brotli twin of each file, so that the program compresses nothing while it serves.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { defineConfig } from 'vite';

const brotli = promisify(brotliCompress);

/** Puts the bar that all pages share where a page says `<!-- bar -->`. */
const bar = () => ({
  name: 'stockroom-bar',
  transformIndexHtml: {
    order: 'pre', // Before Vite looks for the pictures that the page names.
    async handler(html) {
      return html.replace('<!-- bar -->', await readFile(join(import.meta.dirname, 'src/bar.html'), 'utf8'));
    },
  },
});

/** Writes `name.br` beside each built file that gets smaller by it, but for the pages, which are small already. */
const precompress = () => ({
  name: 'stockroom-precompress',
  apply: 'build',
  async writeBundle({ dir }) {
    const files = await readdir(dir, { recursive: true, withFileTypes: true });
    await Promise.all(
      files.filter((file) => file.isFile() && !/\.(br|html)$/.test(file.name)).map(async (file) => {
        const path = join(file.parentPath, file.name);
        const body = await readFile(path);
        const small = await brotli(body, {
          params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
        });
        if (small.length < body.length * 0.9) await writeFile(`${path}.br`, small);
      }),
    );
  },
});

/** The server that `npm run dev` asks for data. */
const stockroom = process.env.STOCKROOM_URL ?? 'http://127.0.0.1:8000';

export default defineConfig({
  base: '/web/',
  plugins: [bar(), precompress()],
  esbuild: { jsx: 'automatic', legalComments: 'none' },
  // Workers as modules, and nothing inlined: the content security policy allows files of the program itself.
  worker: { format: 'es' },
  build: {
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    chunkSizeWarningLimit: 5000,
    reportCompressedSize: false,
    rollupOptions: {
      input: { graphiql: 'graphiql.html', docs: 'docs.html' },
      // React's "use client" marks mean nothing here, and there are hundreds.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
  },
  // For `npm run dev`: the file that names the workers is ours to read, not for the step that bundles packages ahead;
  // what the workers import is CommonJS here and there, and does go through it.
  optimizeDeps: {
    exclude: ['graphiql/setup-workers/vite', '@graphiql/react/setup-workers/vite'],
    include: [
      'graphiql > @graphiql/react > monaco-graphql > graphql-language-service > nullthrows',
      'graphiql > @graphiql/react > monaco-graphql > picomatch-browser',
    ],
  },
  server: {
    proxy: {
      '/graphql': { target: stockroom, ws: true },
      '/api': { target: stockroom },
    },
  },
});
