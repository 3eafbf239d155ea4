// Runs every operation of ../operations against `stockroom demo`:
//
//   STOCKROOM_PASSWORD=… npm start
//
// STOCKROOM_URL is the server (default http://localhost:8000) and STOCKROOM_USER the user (default admin); PERSISTED=1 sends
// hashes instead of documents. All changes are reverted at the end, except for the new entries of the ledger.

import assert from 'node:assert/strict';
import {
  CatalogueDocument,
  ChoicesDocument,
  CreateBrandDocument,
  CreateProductDocument,
  DashboardDocument,
  DeleteBrandDocument,
  DeleteProductDocument,
  LedgerDocument,
  LowStockDocument,
  type ProductCardFragment,
  ProductDetailDocument,
  ProductListDocument,
  ProductPageDocument,
  RecordDeliveryDocument,
  ShipOrderDocument,
  TakeBackInflowDocument,
  TakeBackOutflowDocument,
  UpdateProductDocument,
  ViewerDocument,
} from './generated/graphql.js';
import { accepted, InputError, Stockroom } from './stockroom.js';

const { STOCKROOM_URL = 'http://localhost:8000', STOCKROOM_USER = 'admin', STOCKROOM_PASSWORD = '', PERSISTED = '' } = process.env;
const stockroom = new Stockroom(STOCKROOM_URL, { persisted: PERSISTED !== '' });

const print = (title: string, text: string) => console.log(`${title.padEnd(13)} ${text}`);
const describe = ({ title, sellingPrice, quantity, brand }: ProductCardFragment) =>
  `${title} by ${brand?.name}, ${sellingPrice}, ${quantity} in stock`;

/** Returns the value; fails if it is null or undefined. */
function present<T>(value: T | null | undefined): T {
  assert(value !== null && value !== undefined);
  return value;
}

await stockroom.logIn(STOCKROOM_USER, STOCKROOM_PASSWORD);
const { viewer } = await stockroom.run(ViewerDocument);
print('Logged in', `${viewer?.user.username}, ${viewer?.permissions.length} permissions`);

// Lists: all pages of the products low on stock, then the second page of the products between 20 and 100, by price.
const lowStock: ProductCardFragment[] = [];
for (let after: string | null | undefined; ; ) {
  const { products } = await stockroom.run(ProductListDocument, {
    filter: { isLowStock: true },
    orderBy: [{ field: 'QUANTITY' }, { field: 'TITLE' }],
    ...(after && { after }),
  });
  lowStock.push(...present(products).nodes);
  if (!products?.pageInfo.hasNextPage) break;
  after = products.pageInfo.endCursor;
}
print('Running low', `${lowStock.length}, first ${lowStock[0] ? describe(lowStock[0]) : 'none'}`);
const { products: page } = await stockroom.run(ProductPageDocument, {
  filter: { sellingPrice: { gte: '20', lte: '100' } },
  orderBy: [{ field: 'SELLING_PRICE', direction: 'DESC' }],
  size: 10,
  offset: 10,
});
print('20 to 100', `${page?.totalCount}, the eleventh ${page?.nodes[0] ? describe(page.nodes[0]) : 'none'}`);
const { categories } = await stockroom.run(CatalogueDocument);
for (const { name, products } of present(categories).nodes.slice(0, 3)) print(name, `${products?.totalCount} products`);

// Creating: first with invalid values, which are all reported at once, each with a code.
const { suppliers, categories: choices } = await stockroom.run(ChoicesDocument, {});
const supplier = present(suppliers?.nodes[0]);
const category = present(choices?.nodes[0]);
const { brand } = accepted((await stockroom.run(CreateBrandDocument, { input: { name: 'Example & Daughters' } })).createBrand);
const brandId = present(brand).id;
const draft = { title: 'Brass Example Bell', brandId, categoryId: category.id, costPrice: '8.10', sellingPrice: '12.50' };
try {
  accepted((await stockroom.run(CreateProductDocument, { input: { ...draft, title: ' ', sellingPrice: '-1' } })).createProduct);
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  for (const { field, code, message } of error.problems) print('Refused', `${field}: ${code}: ${message}`);
}
const { product } = accepted((await stockroom.run(CreateProductDocument, { input: { ...draft, quantity: 3 } })).createProduct);
const { id, version } = present(product);
print('Created', describe(present(product)));

// Optimistic concurrency: an update with the current version, and one with an outdated version.
const { product: repriced } = accepted(
  (await stockroom.run(UpdateProductDocument, { input: { id, sellingPrice: '13.00', expectedVersion: version } })).updateProduct,
);
print('Changed', describe(present(repriced)));
const { updateProduct: outdated } = await stockroom.run(UpdateProductDocument, { input: { id, title: 'Late', expectedVersion: version } });
print('Too late', `${outdated?.userErrors[0]?.code}`);

// Stock: watch changes during a delivery and an order.
const filter = { productId: { eq: id } };
const { stockLedger } = await stockroom.run(LedgerDocument, { filter });
const changes = stockroom.stockChanges(present(stockLedger?.nodes[0]).id, [id]);
const lowStockEvents = stockroom.subscribe(LowStockDocument);
const { inflows } = accepted(
  (await stockroom.run(RecordDeliveryDocument, { items: [{ productId: id, supplierId: supplier.id, quantity: 10 }] })).createInflows,
);
const { createOutflows: tooMuch } = await stockroom.run(ShipOrderDocument, {
  items: [{ productId: id, quantity: 5 }, { productId: id, quantity: 50 }],
});
print('Refused', `${tooMuch?.userErrors[0]?.field}: ${tooMuch?.userErrors[0]?.message}`);
const { outflows } = accepted(
  (await stockroom.run(ShipOrderDocument, { items: [{ productId: id, quantity: 5, description: 'Order 1' }, { productId: id, quantity: 2 }] }))
    .createOutflows,
);
for (let count = 0; count < 3; count += 1) {
  const { value } = await changes.next();
  print('Stock', `${value?.change} makes ${value?.balance}: ${value?.reason} by ${value?.actor?.username}`);
}
// The other subscription has no start position: let the stock fall below the threshold until the first event arrives.
const event = lowStockEvents.next();
let last: string | undefined;
for (let hasArrived = false; !hasArrived; ) {
  if (last) accepted((await stockroom.run(TakeBackOutflowDocument, { id: last })).deleteOutflow);
  const { outflows } = accepted((await stockroom.run(ShipOrderDocument, { items: [{ productId: id, quantity: 6 }] })).createOutflows);
  last = present(outflows?.[0]).id;
  hasArrived = await Promise.race([event.then(() => true), new Promise<false>((resolve) => setTimeout(resolve, 200, false))]);
}
print('Low stock', describe(present((await event).value).productLowStock));
await Promise.all([changes.return(undefined), lowStockEvents.return(undefined)]);

const { product: detail } = await stockroom.run(ProductDetailDocument, { id });
print('Detail', `${detail?.inflows?.totalCount} inflows, ${detail?.outflows?.totalCount} outflows, ${detail?.stockLedger?.nodes.length} last entries`);

// A dashboard of the last thirty days. Sums are exact decimal strings.
const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
const { analytics } = await stockroom.run(DashboardDocument, { from: day(29), to: day(0) });
print('Thirty days', `${analytics?.sales?.unitCount} sold for ${analytics?.sales?.revenue}, profit ${analytics?.sales?.profit}`);
print('In stock', `${analytics?.stock?.unitCount} units of ${analytics?.stock?.productCount} products, worth ${analytics?.stock?.sellingValue}`);

// Revert the changes: first the movements, then the product and the brand, which can be deleted once nothing refers to them.
for (const outflow of [...present(outflows), { id: present(last) }]) {
  accepted((await stockroom.run(TakeBackOutflowDocument, { id: outflow.id })).deleteOutflow);
}
for (const inflow of present(inflows)) accepted((await stockroom.run(TakeBackInflowDocument, { id: inflow.id })).deleteInflow);
accepted((await stockroom.run(DeleteProductDocument, { id })).deleteProduct);
accepted((await stockroom.run(DeleteBrandDocument, { id: brandId })).deleteBrand);
await stockroom.logOut();
print('Logged out', 'all changes are reverted');
