// The build of the pages: two HTML entries, bundles with hashed names, and a Brotli-compressed copy of each file, so that
// the program does not compress them for each request.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { defineConfig } from 'vite';

const brotli = promisify(brotliCompress);

/** Replaces `<!-- bar -->` in a page by the bar. */
const bar = () => ({
  name: 'stockroom-bar',
  transformIndexHtml: {
    order: 'pre', // Before Vite resolves the images of the page.
    async handler(html) {
      return html.replace('<!-- bar -->', await readFile(join(import.meta.dirname, 'src/bar.html'), 'utf8'));
    },
  },
});

/** Writes `name.br` beside each built file if it is at least a tenth smaller. HTML files are small already. */
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

/** The API for `npm run dev`. */
const stockroom = process.env.STOCKROOM_URL ?? 'http://127.0.0.1:8000';

export default defineConfig({
  base: '/web/',
  // Scripts load their files relative to themselves, so that the pages work below any path; the server writes that path into
  // the HTML.
  experimental: {
    renderBuiltUrl: (name, { hostType }) => (hostType === 'html' ? `/web/${name}` : { relative: true }),
  },
  plugins: [bar(), precompress()],
  esbuild: { jsx: 'automatic', legalComments: 'none' },
  // Workers are modules and no asset is inlined, because the content security policy allows only files of this host.
  worker: { format: 'es' },
  build: {
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    chunkSizeWarningLimit: 5000,
    reportCompressedSize: false,
    rollupOptions: {
      input: { graphiql: 'graphiql.html', docs: 'docs.html' },
      // Hides hundreds of warnings about "use client" directives, which have no meaning here.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
  },
  // For `npm run dev`: Vite has to process the files that import the workers, so they are excluded from pre-bundling. Some
  // modules that the workers import are CommonJS and need pre-bundling.
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
