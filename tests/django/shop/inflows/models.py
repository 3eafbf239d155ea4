"""The table `inflows_inflow`."""

from django.db import models
from shop.rows import Movement


class Inflow(Movement):
    SIGN = 1

    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="inflows")
