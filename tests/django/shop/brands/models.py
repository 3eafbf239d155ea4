"""The table `brands_brand`."""

from shop.rows import Label


class Brand(Label):
    pass
