"""The calls of clients.ts, with the client that openapi-python-client has generated."""

import os
import sys
import unicodedata
from http import HTTPStatus
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "generated/python"))

from stockroom_client import AuthenticatedClient, Client  # noqa: E402
from stockroom_client.api.authentication import obtain_token  # noqa: E402
from stockroom_client.api.brands import create_brand, get_brand, list_brands  # noqa: E402
from stockroom_client.api.webhooks import list_webhook_deliveries  # noqa: E402
from stockroom_client.models import Credentials, ListBrandsOrderingItem, NewBrand  # noqa: E402

URL = os.environ["STOCKROOM_URL"]
MISSING_ID = 999_999


def folded(name):
    """The name without case and diacritics, which do not affect the order."""
    decomposed = unicodedata.normalize("NFD", name)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def main():
    credentials = Credentials(username="admin", password=os.environ["STOCKROOM_PASSWORD"])
    login = obtain_token.sync(client=Client(URL), body=credentials)
    client = AuthenticatedClient(URL, token=login.access)

    ordering = [ListBrandsOrderingItem.NAME, ListBrandsOrderingItem("-id")]
    names = [brand.name for brand in list_brands.sync(client=client, ordering=ordering).results]
    assert len(names) > 2 and names == sorted(names, key=folded), names

    created = create_brand.sync_detailed(client=client, body=NewBrand(name="openapi-python-client"))
    assert created.status_code == HTTPStatus.CREATED, created
    assert created.parsed.name == "openapi-python-client", created

    for response, detail in [
        (get_brand.sync_detailed(MISSING_ID, client=client), "Not found."),
        (list_brands.sync_detailed(client=client, page=MISSING_ID), "Invalid page."),
        (list_webhook_deliveries.sync_detailed(MISSING_ID, client=client), "Not found."),
    ]:
        assert response.status_code == HTTPStatus.NOT_FOUND, response
        assert response.parsed.to_dict() == {"detail": detail}, response

    blank = create_brand.sync_detailed(client=client, body=NewBrand(name=""))
    assert blank.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, blank
    assert blank.parsed.to_dict() == {"name": ["This field may not be blank."]}, blank
    print("ok    openapi-python-client")


main()
