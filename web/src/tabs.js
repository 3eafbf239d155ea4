// The initial tabs of GraphiQL: one query, one mutation, one subscription.

export const tabs = [
  {
    query: `# Welcome to Stockroom. Log in at the top
# right, then press the play button.
# On the left: the schema's documentation,
# history, and a query builder.

query RunningLow {
  products(
    first: 10
    orderBy: { field: QUANTITY }
  ) {
    totalCount
    nodes {
      id
      title
      quantity
      isLowStock
      sellingPrice
      category {
        name
      }
      brand {
        name
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`,
  },
  {
    query: `# Takes one unit out of stock. The input is under
# "Variables", at the bottom. Invalid values are
# reported in userErrors: try a quantity that is
# too large.

mutation TakeOut($input: CreateOutflowInput!) {
  createOutflow(input: $input) {
    outflow {
      id
      quantity
      unitPrice
      createdAt
      product {
        title
        quantity
      }
    }
    userErrors {
      field
      code
      message
    }
  }
}
`,
    variables: `${JSON.stringify({ input: { productId: '1', quantity: 1, description: 'Tried from GraphiQL' } }, null, 2)}\n`,
  },
  {
    query: `# Start this, then run the mutation in another
# window: each change of stock arrives here.
# With after: "…" and the last id that you have
# seen, missed changes come first.

subscription StockChanged {
  stockChanged {
    id
    createdAt
    reason
    change
    balance
    product {
      id
      title
    }
    actor {
      username
    }
  }
}
`,
  },
];
