// A searchable list of products that loads more on demand: connection, pagination, refetching.

import { graphql, useLazyLoadQuery, usePaginationFragment } from 'react-relay';
import type { ProductsList$key } from './__generated__/ProductsList.graphql';
import type { ProductsPageQuery } from './__generated__/ProductsPageQuery.graphql';
import type { ProductsQuery } from './__generated__/ProductsQuery.graphql';
import { ProductRow } from './ProductRow';

export function Products({ search }: { search: string | null }) {
  const query = useLazyLoadQuery<ProductsQuery>(
    graphql`
      query ProductsQuery($search: String, $filter: ProductFilter) {
        ...ProductsList @arguments(search: $search, filter: $filter)
      }
    `,
    { search, filter: { quantity: { gt: 0 } } },
  );
  return <List query={query} />;
}

function List({ query }: { query: ProductsList$key }) {
  const { data, hasNext, isLoadingNext, loadNext, refetch } = usePaginationFragment<ProductsPageQuery, ProductsList$key>(
    graphql`
      fragment ProductsList on Query
      @argumentDefinitions(
        search: { type: "String" }
        filter: { type: "ProductFilter" }
        count: { type: "Int", defaultValue: 20 }
        cursor: { type: "String" }
      )
      @refetchable(queryName: "ProductsPageQuery") {
        products(search: $search, filter: $filter, first: $count, after: $cursor) @connection(key: "ProductsList_products") {
          totalCount
          edges {
            node {
              id
              ...ProductRow
            }
          }
        }
      }
    `,
    query,
  );
  return (
    <>
      <p>{data.products?.totalCount} products</p>
      <input type="search" onChange={(event) => refetch({ search: event.target.value })} />
      <ul>
        {data.products?.edges.map(({ node }) => (
          <ProductRow key={node.id} product={node} />
        ))}
      </ul>
      {hasNext && (
        <button type="button" disabled={isLoadingNext} onClick={() => loadNext(20)}>
          More
        </button>
      )}
    </>
  );
}
