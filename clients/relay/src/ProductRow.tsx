// One product of a list, with a button that sells one unit.

import { graphql, useFragment, useMutation } from 'react-relay';
import type { ProductRow$key } from './__generated__/ProductRow.graphql';
import type { ProductRowSellMutation } from './__generated__/ProductRowSellMutation.graphql';

export function ProductRow({ product }: { product: ProductRow$key }) {
  const { id, title, sellingPrice, quantity, brand } = useFragment(
    graphql`
      fragment ProductRow on Product {
        id
        title
        sellingPrice
        quantity
        brand {
          name
        }
      }
    `,
    product,
  );
  const [sell, isSelling] = useMutation<ProductRowSellMutation>(graphql`
    mutation ProductRowSellMutation($input: CreateOutflowInput!) {
      createOutflow(input: $input) {
        outflow {
          product {
            id
            quantity
            isLowStock
          }
        }
        userErrors {
          field
          code
          message
        }
      }
    }
  `);
  return (
    <li>
      {title} by {brand?.name}, {sellingPrice}, {quantity} in stock
      <button type="button" disabled={isSelling} onClick={() => sell({ variables: { input: { productId: id, quantity: 1 } } })}>
        Sell one
      </button>
    </li>
  );
}
