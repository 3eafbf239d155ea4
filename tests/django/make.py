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
ROUNDS = (260_000, 390_000, 600_000, 870_000, 1_000_000)


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
    numbers = random.Random(11)
    labels = {app: [] for app in LABELS}
    for app, name in LABELS.items():
        for number in range(23):
            text = TEXTS[number % len(TEXTS)]
            description = [None, "", f"about {text}"][number % 3]
            labels[app].append(store(model(app, name), number, name=f"{text[:490]} {number}", description=description))
    products = []
    for number in range(120):
        # At most 14 digits, because Django stores decimals in SQLite as doubles, which hold 15.
        price = Decimal(numbers.randrange(0, 10 ** numbers.randrange(3, 15))) / 100
        products.append(
            store(
                model("products", "Product"),
                number,
                title=f"{TEXTS[number % 6]} {number:03}",
                brand=numbers.choice(labels["brands"]),
                category=numbers.choice(labels["categories"]),
                description=[None, "", "a\nlonger\ttext"][number % 3],
                serie_number=[None, f"SN-{number}"][number % 2],
                cost_price=price,
                selling_price=price + Decimal("0.01"),
                # A quantity that no movement explains.
                quantity=numbers.choice([0, 0, 7, 250]),
            )
        )
    for number in range(400):
        product = model("products", "Product").objects.get(pk=numbers.choice(products).pk)
        values = {"product": product, "description": [None, "", "counted"][number % 3]}
        if product.quantity > 5 and number % 2:
            store(model("outflows", "Outflow"), number, quantity=numbers.randrange(1, product.quantity), **values)
        else:
            supplier = numbers.choice(labels["suppliers"])
            quantity = numbers.randrange(1, 1000)
            store(model("inflows", "Inflow"), number, quantity=quantity, supplier=supplier, **values)
    # The brand with the largest id is deleted, and a product's quantity is set to 0 without a movement.
    model("brands", "Brand").objects.create(name="gone").delete()
    model("products", "Product").objects.filter(pk=products[3].pk).update(quantity=0)


def make_users():
    users = {}

    def user(name, password, encoded=None, **values):
        made = User.objects.create_user(name, f"{len(users)}@example.org", password if encoded is None else None, **values)
        if encoded is not None:
            made.password = encoded
            made.save()
        users[name] = {"password": password, "may_log_in": made.is_active and made.has_usable_password()}
        return made

    user("keeper", "corréct horse 🐎")
    user("José@example.org", " spaces around ")
    for rounds in ROUNDS[:-1]:
        hasher = get_hasher("pbkdf2_sha256")
        user(f"rounds{rounds}", f"birch-{rounds}", hasher.encode(f"birch-{rounds}", hasher.salt(), rounds))
    for name in ("pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt", "scrypt"):
        hasher = get_hasher(name)
        user(name, f"birch {name}", hasher.encode(f"birch {name}", hasher.salt()))
    user("dismissed", "birch dismissed", is_active=False)
    user("unusable", None)
    User.objects.create_superuser("root", "root@example.org", "birch root")
    users["root"] = {"password": "birch root", "may_log_in": True}

    def permission(codename):
        return Permission.objects.get(codename=codename)

    keepers = Group.objects.create(name="Stock keepers")
    keepers.permissions.set([permission("add_brand"), permission("view_product")])
    keepers.user_set.add(User.objects.get(username="keeper"))
    User.objects.get(username="argon2").user_permissions.add(permission("delete_category"))
    users["keeper"]["may"] = ["add_brand"]
    users["argon2"]["may"] = ["delete_category"]
    return users


def make_tokens():
    keeper, dismissed = (User.objects.get(username=name) for name in ("keeper", "dismissed"))
    refresh, spent, late = (RefreshToken.for_user(keeper) for _ in range(3))
    spent.blacklist()
    late.set_exp(lifetime=timedelta(seconds=-5))
    old = AccessToken.for_user(keeper)
    old.set_exp(lifetime=timedelta(seconds=-5))
    return {
        "access": [str(AccessToken.for_user(keeper)), str(refresh.access_token)],
        "refresh": [str(refresh)],
        "refused_access": [str(old), str(AccessToken.for_user(dismissed)), str(refresh)],
        "refused_refresh": [str(spent), str(late), str(AccessToken.for_user(keeper))],
        "user_id": AccessToken.for_user(keeper)["user_id"],
    }


def text(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
