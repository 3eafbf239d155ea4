// The audits of the GraphQL working group's `graphql-http`: conformance with the GraphQL over HTTP specification.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { Program } from './program.js';

/** The number of audits. It is checked, because a release of `graphql-http` with fewer would weaken this test. */
const AUDITS = 61;

let program;
before(async () => (program = await Program.start({ products: 1 })));
after(() => program.stop());

const audits = serverAudits({ url: () => `${program.url}/graphql` });

test(`there are ${AUDITS} audits`, () => assert.equal(audits.length, AUDITS));

for (const { id, name, fn } of audits) {
  test(`${id} ${name}`, async () => {
    const result = await fn();
    // A recommendation that is not followed counts as a failure, too.
    assert.equal(result.status, 'ok', `${result.status}: ${result.reason}`);
  });
}
