"""The cases to measure, with their requests, expected responses and goals."""

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
    """Pairs of a word of ASCII letters and a category in which many titles contain it."""
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
    goals: tuple[float, float] | None = None
    """The shares of the ceiling to reach on SQLite and on PostgreSQL."""
    wall: bool = False
    """Whether requests per second of wall-clock time are compared, instead of those per second of CPU."""


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
        "rest-product", "REST product by id", product_by_id, contains='"selling_price":', goals=(0.50, 0.55)
    ),
    Case("rest-page", "REST page of 10 among 1,000", random_page, contains='"results":[{', goals=(1.0, 0.9)),
    Case(
        "rest-first-page",
        "REST first page",
        repeat_get("/api/v1/products/"),
        contains='"results":[{',
        goals=(1.0, 0.8),
    ),
    Case("rest-late-page", "REST page 10,000", late_page, contains='"results":[{', goals=(5, 20)),
    Case("rest-search", "REST search, filters, order", search, contains='"count":', goals=(1.5, 1.0)),
    Case(
        "graphql-product",
        "GraphQL product, 2 relations",
        graphql_product,
        contains='"product":{',
        lacks='"errors"',
        needs="product(",
        goals=(0.4, 0.5),
    ),
    Case(
        "graphql-products",
        "GraphQL 50 products, totalCount",
        lambda shop, rng: [graphql(PRODUCTS)],
        contains='"nodes":[{',
        lacks='"errors"',
        needs="products(",
        goals=(0.4, 0.5),
    ),
    Case(
        "graphql-categories",
        "GraphQL 20 x 10 x 5, 4 levels",
        lambda shop, rng: [graphql(CATEGORIES)],
        contains='"supplier":{',
        lacks='"errors"',
        needs="categories(",
        goals=(0.45, 0.5),
    ),
    Case(
        "rest-outflow",
        "REST POST outflow",
        outflow,
        status=201,
        contains='"quantity":1',
        writes=True,
        goals=(0.8, 0.9),
    ),
    Case(
        "graphql-outflow",
        "GraphQL createOutflow",
        graphql_outflow,
        contains='"userErrors":[]',
        lacks='"errors"',
        needs="createOutflow(",
        writes=True,
        goals=(0.7, 0.8),
    ),
    Case(
        "hot-outflow",
        "REST POST outflow, one product",
        hot_outflow,
        status=201,
        contains='"quantity":1',
        connections=64,
        writes=True,
        goals=(1.2, 3.5),
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
