"""The table `outflows_outflow`."""

from shop.rows import Movement


class Outflow(Movement):
    SIGN = -1
