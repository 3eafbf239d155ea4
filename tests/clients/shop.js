// Operations on the sample data of a running program.

import assert from 'node:assert/strict';

/** The product with the largest stock. */
export async function productWithMostStock(program, token) {
  const { products } = await program.data(
    `{ products(first: 1, orderBy: { field: QUANTITY, direction: DESC }) { nodes { id title quantity } } }`,
    undefined,
    token,
  );
  return products.nodes[0];
}

/** Creates an outflow, by default of one unit; returns it. */
export async function addOutflow(program, token, productId, quantity = 1) {
  const { createOutflow } = await program.data(
    `mutation ($input: CreateOutflowInput!) {
      createOutflow(input: $input) { outflow { id product { quantity } } userErrors { code message } }
    }`,
    { input: { productId, quantity } },
    token,
  );
  assert.deepEqual(createOutflow.userErrors, []);
  return createOutflow.outflow;
}

/** The id of the ledger's last entry. */
export async function lastEntry(program, token) {
  const { stockLedger } = await program.data(`{ stockLedger(first: 1) { nodes { id } } }`, undefined, token);
  return stockLedger.nodes[0].id;
}

/** A product's entries after one of them, oldest first. */
export async function entriesAfter(program, token, productId, after) {
  const { stockLedger } = await program.data(
    `query ($filter: StockLedgerFilter) { stockLedger(first: 100, filter: $filter) { nodes { id change balance } } }`,
    { filter: { productId: { eq: productId } } },
    token,
  );
  return stockLedger.nodes.filter((entry) => BigInt(entry.id) > BigInt(after)).reverse();
}

/** Subscribes to the changes of one product's stock after an entry. */
export const CHANGES = `subscription Changes($after: ID, $productIds: [ID!]) {
  stockChanged(after: $after, productIds: $productIds) { id change balance reason actor { username } }
}`;
