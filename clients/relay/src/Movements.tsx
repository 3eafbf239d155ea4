// The movements of one product: a connection of an interface type, nested in another object.

import { useMemo } from 'react';
import { graphql, useLazyLoadQuery, usePaginationFragment, useSubscription } from 'react-relay';
import type { MovementsList$key } from './__generated__/MovementsList.graphql';
import type { MovementsPageQuery } from './__generated__/MovementsPageQuery.graphql';
import type { MovementsQuery } from './__generated__/MovementsQuery.graphql';
import type { MovementsStockSubscription } from './__generated__/MovementsStockSubscription.graphql';

export function Movements({ id }: { id: string }) {
  const query = useLazyLoadQuery<MovementsQuery>(
    graphql`
      query MovementsQuery($id: ID!) {
        ...MovementsList @arguments(id: $id)
      }
    `,
    { id },
  );
  return <List id={id} query={query} />;
}

const STOCK = graphql`
  subscription MovementsStockSubscription($productIds: [ID!]) {
    stockChanged(productIds: $productIds) {
      id
      product {
        id
        quantity
        isLowStock
      }
    }
  }
`;

function List({ id, query }: { id: string; query: MovementsList$key }) {
  // The schema has no `node(id:)`, so the refetchable fragment is on `Query`, with the id as an argument.
  const { data, hasNext, loadNext } = usePaginationFragment<MovementsPageQuery, MovementsList$key>(
    graphql`
      fragment MovementsList on Query
      @argumentDefinitions(id: { type: "ID!" }, count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" })
      @refetchable(queryName: "MovementsPageQuery") {
        product(id: $id) {
          title
          quantity
          movements(first: $count, after: $cursor) @connection(key: "MovementsList_movements") {
            edges {
              node {
                __typename
                id
                quantity
                createdAt
                ... on Inflow {
                  supplier {
                    name
                  }
                }
                ... on Outflow {
                  unitPrice
                }
              }
            }
          }
        }
      }
    `,
    query,
  );
  useSubscription<MovementsStockSubscription>(
    useMemo(() => ({ subscription: STOCK, variables: { productIds: [id] } }), [id]),
  );
  return (
    <section>
      <h2>
        {data.product?.title}: {data.product?.quantity}
      </h2>
      <ol>
        {data.product?.movements?.edges.map(({ node }) => (
          <li key={`${node.__typename} ${node.id}`}>
            {node.createdAt} {node.quantity} {node.supplier ? `from ${node.supplier.name}` : `at ${node.unitPrice}`}
          </li>
        ))}
      </ol>
      {hasNext && (
        <button type="button" onClick={() => loadNext(10)}>
          More
        </button>
      )}
    </section>
  );
}
