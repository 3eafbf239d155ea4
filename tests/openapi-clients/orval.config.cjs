// The address of the program is in STOCKROOM_URL while the clients are generated.
const input = './generated/openapi.json';

module.exports = {
  fetch: { input, output: { target: './generated/orval/fetch.ts', client: 'fetch', baseUrl: process.env.STOCKROOM_URL } },
  zod: { input, output: { target: './generated/orval/zod.ts', client: 'zod' } },
};
