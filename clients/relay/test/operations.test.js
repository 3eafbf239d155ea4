// Executes each operation that relay-compiler generates from the components.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { Program } from '../../../tests/clients/program.js';
import { productWithMostStock } from '../../../tests/clients/shop.js';

const COMPILED = resolve(import.meta.dirname, '../src/__generated__');

/** The texts of the operations, by name. */
async function operations() {
  const files = (await readdir(COMPILED)).filter((name) => /(Query|Mutation)\.graphql\.ts$/.test(name));
  const texts = files.map(async (name) => {
    const artifact = await readFile(resolve(COMPILED, name), 'utf8');
    return [name.split('.')[0], JSON.parse(/"text": (".*")/.exec(artifact)[1])];
  });
  return Object.fromEntries(await Promise.all(texts));
}

let program;
let token;
before(async () => {
  program = await Program.start();
  token = (await program.logIn('admin')).access;
});
after(() => program.stop());

test('every operation succeeds, and the second page continues the first', async () => {
  const { id } = await productWithMostStock(program, token);
  const texts = await operations();
  const run = (name, variables) => {
    assert(texts[name], `${name} is not compiled: npm run generate`);
    return program.data(texts[name], variables, token);
  };
  const filter = { quantity: { gt: 0 } };
  const { products } = await run('ProductsQuery', { search: null, filter });
  assert.equal(products.edges.length, 20);
  assert.equal(products.edges[0].node.__typename, 'Product');
  assert.equal(products.pageInfo.hasNextPage, true);
  const next = await run('ProductsPageQuery', { search: null, filter, count: 20, cursor: products.pageInfo.endCursor });
  const ids = [...products.edges, ...next.products.edges].map(({ node }) => node.id);
  assert.equal(new Set(ids).size, ids.length);
  assert(ids.length > 20);

  const { product } = await run('MovementsQuery', { id });
  assert(product.movements.edges.length > 0);
  for (const { node } of product.movements.edges) assert.match(node.__typename, /^(Inflow|Outflow)$/);
  await run('MovementsPageQuery', { id, count: 5, cursor: product.movements.pageInfo.endCursor });

  const { createOutflow } = await run('ProductRowSellMutation', { input: { productId: id, quantity: 1 } });
  assert.deepEqual(createOutflow.userErrors, []);
  assert.equal(Object.keys(texts).length, 5);
});
