// The audits of the GraphQL working group's `graphql-http`: conformance with the GraphQL over HTTP specification.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { Program } from './program.js';

/** The number of audits, so that a release with fewer does not look like a better result. */
const AUDITS = 61;

let program;
before(async () => (program = await Program.start({ products: 1 })));
after(() => program.stop());

const audits = serverAudits({ url: () => `${program.url}/graphql` });

test('the number of audits is as expected', () => assert.equal(audits.length, AUDITS));

for (const { id, name, fn } of audits) {
  test(`${id} ${name}`, async () => {
    const result = await fn();
    // Recommendations count as failures, too.
    assert.equal(result.status, 'ok', `${result.status}: ${result.reason}`);
  });
}
