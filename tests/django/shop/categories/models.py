"""The table `categories_category`."""

from shop.rows import Label


class Category(Label):
    pass
