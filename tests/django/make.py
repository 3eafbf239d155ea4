"""Creates a database of the Django program and prints, as JSON, the responses that clients should get.

Everything is stored and read back by Django's own models, hashers and managers, and by simplejwt.
"""

import json
import os
import random
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"

import django

django.setup()

from django.apps import apps
from django.contrib.auth.hashers import get_hasher
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import connection
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

LABELS = {"brands": "Brand", "categories": "Category", "suppliers": "Supplier"}
TEXTS = ["Água sanitária", "Ümlaut & Söhne", "日本語の名前", "emoji 🧴", "O'Neil \"quoted\"", "plain", "x" * 500]
# Django's default numbers of PBKDF2 iterations since 3.2.
ITERATIONS = (260_000, 390_000, 600_000, 870_000, 1_000_000)


def model(app, name):
    return apps.get_model(app, name)


def times(number):
    """A time for `created_at`, with or without a fraction of a second, and a later one for `updated_at`."""
    created = datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC) + timedelta(hours=7 * number, microseconds=number % 3 * 123_457)
    return {"created_at": created, "updated_at": created + timedelta(days=1, microseconds=number % 2 * 999_999)}


def store(model, number, **values):
    """Creates a row with the times of this number; Django's `create` would set the current time."""
    row = model.objects.create(**values)
    model.objects.filter(pk=row.pk).update(**times(number))
    return row


def make_shop():
    rng = random.Random(11)
    labels = {app: [] for app in LABELS}
    for app, name in LABELS.items():
        for number in range(23):
            text = TEXTS[number % len(TEXTS)]
            description = [None, "", f"about {text}"][number % 3]
            labels[app].append(store(model(app, name), number, name=f"{text[:490]} {number}", description=description))
    products = []
    for number in range(120):
        # At most 14 digits, because Django stores decimals in SQLite as doubles, which are exact up to 15.
        price = Decimal(rng.randrange(0, 10 ** rng.randrange(3, 15))) / 100
        products.append(
            store(
                model("products", "Product"),
                number,
                title=f"{TEXTS[number % 6]} {number:03}",
                brand=rng.choice(labels["brands"]),
                category=rng.choice(labels["categories"]),
                description=[None, "", "a\nlonger\ttext"][number % 3],
                serie_number=[None, f"SN-{number}"][number % 2],
                cost_price=price,
                selling_price=price + Decimal("0.01"),
                # A quantity that does not result from movements.
                quantity=rng.choice([0, 0, 7, 250]),
            )
        )
    for number in range(400):
        product = model("products", "Product").objects.get(pk=rng.choice(products).pk)
        values = {"product": product, "description": [None, "", "counted"][number % 3]}
        if product.quantity > 5 and number % 2:
            store(model("outflows", "Outflow"), number, quantity=rng.randrange(1, product.quantity), **values)
        else:
            supplier = rng.choice(labels["suppliers"])
            quantity = rng.randrange(1, 1000)
            store(model("inflows", "Inflow"), number, quantity=quantity, supplier=supplier, **values)
    # The brand with the largest id is deleted, and a product's quantity is set to 0 without a movement.
    model("brands", "Brand").objects.create(name="gone").delete()
    model("products", "Product").objects.filter(pk=products[3].pk).update(quantity=0)


def make_users():
    users = {}

    def user(name, password, encoded=None, **values):
        account = User.objects.create_user(name, f"{len(users)}@example.org", password if encoded is None else None, **values)
        if encoded is not None:
            account.password = encoded
            account.save()
        users[name] = {"password": password, "can_log_in": account.is_active and account.has_usable_password()}
        return account

    user("keeper", "corréct horse 🐎")
    user("José@example.org", " spaces around ")
    for iterations in ITERATIONS[:-1]:
        hasher = get_hasher("pbkdf2_sha256")
        password = f"birch-{iterations}"
        user(f"iterations{iterations}", password, hasher.encode(password, hasher.salt(), iterations))
    for name in ("pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt", "scrypt"):
        hasher = get_hasher(name)
        user(name, f"birch {name}", hasher.encode(f"birch {name}", hasher.salt()))
    user("dismissed", "birch dismissed", is_active=False)
    user("unusable", None)
    User.objects.create_superuser("root", "root@example.org", "birch root")
    users["root"] = {"password": "birch root", "can_log_in": True}

    def permission(codename):
        return Permission.objects.get(codename=codename)

    keepers = Group.objects.create(name="Stock keepers")
    keepers.permissions.set([permission("add_brand"), permission("view_product")])
    keepers.user_set.add(User.objects.get(username="keeper"))
    User.objects.get(username="argon2").user_permissions.add(permission("delete_category"))
    users["keeper"]["permissions"] = ["add_brand"]
    users["argon2"]["permissions"] = ["delete_category"]
    return users


def make_tokens():
    keeper, dismissed = (User.objects.get(username=name) for name in ("keeper", "dismissed"))
    refresh, spent, expired_refresh = (RefreshToken.for_user(keeper) for _ in range(3))
    spent.blacklist()
    expired_refresh.set_exp(lifetime=timedelta(seconds=-5))
    expired_access = AccessToken.for_user(keeper)
    expired_access.set_exp(lifetime=timedelta(seconds=-5))
    return {
        "access": [str(AccessToken.for_user(keeper)), str(refresh.access_token)],
        "refresh": [str(refresh)],
        "refused_access": [str(expired_access), str(AccessToken.for_user(dismissed)), str(refresh)],
        "refused_refresh": [str(spent), str(expired_refresh), str(AccessToken.for_user(keeper))],
        "user_id": AccessToken.for_user(keeper)["user_id"],
    }


def text(time):
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def reference(row, field):
    return {"id": row.pk, field: getattr(row, field)}


def rest_row(row):
    """A row as in the documented REST API, with the values that Django reads."""
    fields = {field.name: getattr(row, field.name) for field in row._meta.fields}
    for name, value in fields.items():
        match value:
            case datetime():
                fields[name] = text(value)
            case Decimal():
                fields[name] = f"{value:.2f}"
            case "":
                fields[name] = None
    for name in ("brand", "category", "supplier"):
        if name in fields:
            fields[name] = reference(fields[name], "name")
    if "product" in fields:
        fields["product"] = reference(fields["product"], "title")
    return fields


def main():
    call_command("migrate", run_syncdb=True, verbosity=0)
    make_shop()
    users, tokens = make_users(), make_tokens()
    tables = LABELS | {"products": "Product", "inflows": "Inflow", "outflows": "Outflow"}
    rows = {app: [rest_row(row) for row in model(app, name).objects.order_by("pk")] for app, name in tables.items()}
    for user in User.objects.all():
        users[user.username]["id"] = user.pk
    connection.close()
    json.dump({"rows": rows, "users": users, "tokens": tokens}, sys.stdout, ensure_ascii=False)


main()
