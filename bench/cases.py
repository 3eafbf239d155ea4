"""The cases to measure, with their requests, expected responses and targets."""

import json
import random
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Shop:
    """The rows of the seeded database that the cases need."""

    first_id: int
    last_id: int
    count: int
    searches: list[tuple[str, int]]
    """Pairs of a word and a category in which many titles contain it."""
    prices: tuple[str, str]
    """A range that contains the prices of most products."""
    stocked_ids: list[int] = field(default_factory=list)
    """Products whose stock is larger than the sum of all outflows of a run."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: object = None


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    requests: Callable[[Shop, random.Random], list[Request]]
    status: int = 200
    contains: str = ""
    """A part of every correct body, so that an empty response does not count as a fast one."""
    lacks: str = ""
    """A text that no correct body contains."""
    connections: int = 32
    needs: str = ""
    """A part of the printed GraphQL schema; the case is skipped if the schema lacks it."""
    writes: bool = False
    targets: tuple[int, int] | None = None
    """Requests per second of CPU on SQLite and on PostgreSQL."""
    wall: bool = False
    """Whether the targets are requests per second of wall-clock time instead."""
    relative: tuple[str, float] | None = None
    """The target as a share of the result of another case."""


# The number of different requests, more than fit into the CPU's caches.
VARIETY = 20_000


def repeat_get(path: str):
    return lambda shop, rng: [Request("GET", path)]


def product_by_id(shop: Shop, rng: random.Random) -> list[Request]:
    return [Request("GET", f"/api/v1/products/{random_id(shop, rng)}/") for _ in range(VARIETY)]


def random_page(shop: Shop, rng: random.Random) -> list[Request]:
    pages = max(1, min(1_000, shop.count // 10))
    return [Request("GET", f"/api/v1/products/?page={rng.randint(1, pages)}") for _ in range(VARIETY)]


def late_page(shop: Shop, rng: random.Random) -> list[Request]:
    return [Request("GET", f"/api/v1/products/?page={max(1, min(10_000, shop.count // 10))}")]


def search(shop: Shop, rng: random.Random) -> list[Request]:
    def random_search() -> Request:
        word, category = rng.choice(shop.searches)
        query = {
            "search": word,
            "category": category,
            "min_price": shop.prices[0],
            "max_price": shop.prices[1],
            "ordering": "-selling_price",
        }
        return Request("GET", "/api/v1/products/?" + urllib.parse.urlencode(query))

    return [random_search() for _ in range(2_000)]


def outflow(shop: Shop, rng: random.Random) -> list[Request]:
    return [
        Request("POST", "/api/v1/outflows/", {"product": rng.choice(shop.stocked_ids), "quantity": 1})
        for _ in range(VARIETY)
    ]


def hot_outflow(shop: Shop, rng: random.Random) -> list[Request]:
    return [Request("POST", "/api/v1/outflows/", {"product": shop.stocked_ids[0], "quantity": 1})]


def graphql(document: str, variables: dict | None = None) -> Request:
    body = {"query": document}
    if variables is not None:
        body["variables"] = variables
    return Request("POST", "/graphql", body)


PRODUCT = """query Product($id: ID!) {
  product(id: $id) { id title sellingPrice quantity category { id name } brand { id name } }
}"""
PRODUCTS = """query Products {
  products(first: 50) {
    totalCount
    nodes { id title sellingPrice quantity category { id name } brand { id name } }
  }
}"""
CATEGORIES = """query Categories {
  categories(first: 20) {
    nodes {
      id name
      products(first: 10) {
        nodes {
          id title
          brand { id name }
          inflows(first: 5) { nodes { id quantity supplier { id name } } }
        }
      }
    }
  }
}"""
CREATE_OUTFLOW = """mutation CreateOutflow($input: CreateOutflowInput!) {
  createOutflow(input: $input) {
    outflow { id quantity product { id quantity } }
    userErrors { field message code }
  }
}"""


def graphql_product(shop: Shop, rng: random.Random) -> list[Request]:
    return [graphql(PRODUCT, {"id": str(random_id(shop, rng))}) for _ in range(VARIETY)]


def graphql_outflow(shop: Shop, rng: random.Random) -> list[Request]:
    return [
        graphql(CREATE_OUTFLOW, {"input": {"productId": str(rng.choice(shop.stocked_ids)), "quantity": 1}})
        for _ in range(VARIETY)
    ]


def random_id(shop: Shop, rng: random.Random) -> int:
    return rng.randint(shop.first_id, shop.last_id)


# Reads come first: after writes, the database's cleanup would slow down the following cases.
CASES = [
    Case("livez", "plain route, fixed bytes", repeat_get("/livez")),
    Case(
        "rest-product", "REST product by id", product_by_id, contains='"selling_price":', targets=(30_000, 12_500)
    ),
    Case(
        "rest-page", "REST page of 10 among 1,000", random_page, contains='"results":[{', targets=(6_580, 2_480)
    ),
    Case(
        "rest-first-page",
        "REST first page",
        repeat_get("/api/v1/products/"),
        contains='"results":[{',
        targets=(11_000, 10_000),
    ),
    Case(
        "rest-late-page",
        "REST page 10,000",
        late_page,
        contains='"results":[{',
        relative=("rest-first-page", 0.5),
    ),
    Case("rest-search", "REST search, filters, order", search, contains='"count":', targets=(4_900, 2_030)),
    Case(
        "graphql-product",
        "GraphQL product, 2 relations",
        graphql_product,
        contains='"product":{',
        lacks='"errors"',
        needs="product(",
        targets=(25_000, 12_700),
    ),
    Case(
        "graphql-products",
        "GraphQL 50 products, totalCount",
        lambda shop, rng: [graphql(PRODUCTS)],
        contains='"nodes":[{',
        lacks='"errors"',
        needs="products(",
        targets=(5_700, 2_900),
    ),
    Case(
        "graphql-categories",
        "GraphQL 20 x 10 x 5, 4 levels",
        lambda shop, rng: [graphql(CATEGORIES)],
        contains='"supplier":{',
        lacks='"errors"',
        needs="categories(",
        targets=(1_270, 460),
    ),
    Case(
        "rest-outflow",
        "REST POST outflow",
        outflow,
        status=201,
        contains='"quantity":1',
        writes=True,
        targets=(11_600, 4_700),
    ),
    Case(
        "graphql-outflow",
        "GraphQL createOutflow",
        graphql_outflow,
        contains='"userErrors":[]',
        lacks='"errors"',
        needs="createOutflow(",
        writes=True,
        targets=(9_300, 4_100),
    ),
    Case(
        "hot-outflow",
        "REST POST outflow, one product",
        hot_outflow,
        status=201,
        contains='"quantity":1',
        connections=64,
        writes=True,
        targets=(15_000, 10_000),
        wall=True,
    ),
]


def encode(request: Request, host: str, token: str) -> bytes:
    """The request as bytes of HTTP/1.1."""
    head = [
        f"{request.method} {request.path} HTTP/1.1",
        f"Host: {host}",
        "Accept: application/json",
        f"Authorization: Bearer {token}",
    ]
    body = b""
    if request.body is not None:
        body = json.dumps(request.body, separators=(",", ":")).encode()
        head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
