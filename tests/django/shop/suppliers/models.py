"""The table `suppliers_supplier`."""

from shop.rows import Label


class Supplier(Label):
    pass
