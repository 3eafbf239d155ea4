// Relay's network and store for Stockroom.

import { Environment, type FetchFunction, Network, RecordSource, Store } from 'relay-runtime';

const fetchFrom =
  (token: () => Promise<string | undefined>): FetchFunction =>
  async ({ text, name }, variables) => {
    const access = await token();
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/graphql-response+json',
        ...(access && { Authorization: `Bearer ${access}` }),
      },
      body: JSON.stringify({ query: text, operationName: name, variables }),
    });
    return response.json();
  };

export const environment = (token: () => Promise<string | undefined>) =>
  new Environment({
    network: Network.create(fetchFrom(token)),
    store: new Store(new RecordSource()),
    // Ids are unique within a type, not across types: brand 1 is not category 1.
    getDataID: ({ id }: { id?: string }, typeName: string) => id && `${typeName}:${id}`,
  });
