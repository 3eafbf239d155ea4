// The audits of the GraphQL working group's `graphql-http`: is this GraphQL over HTTP, as the specification has it?

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { Program } from './program.js';

/** How many audits there are: a release with fewer must not pass for a better result. */
const AUDITS = 61;

let program;
before(async () => (program = await Program.start({ products: 1 })));
after(() => program.stop());

const audits = serverAudits({ url: () => `${program.url}/graphql` });

test('there are as many audits as there should be', () => assert.equal(audits.length, AUDITS));

for (const { id, name, fn } of audits) {
  test(`${id} ${name}`, async () => {
    const result = await fn();
    // A recommendation that is not followed is a failure too.
    assert.equal(result.status, 'ok', `${result.status}: ${result.reason}`);
  });
}
