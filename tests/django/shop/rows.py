"""Base classes of the models."""

from django.db import models


class Label(models.Model):
    name = models.CharField(max_length=500)
    description = models.TextField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
        ordering = ["name"]


class Movement(models.Model):
    """A movement of stock, applied to its product when it is created."""

    SIGN = 0

    product = models.ForeignKey("products.Product", on_delete=models.PROTECT, related_name="%(class)ss")
    quantity = models.IntegerField()
    description = models.TextField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
        ordering = ["-created_at"]

    def save(self, *arguments, **keywords):
        new = self.pk is None
        super().save(*arguments, **keywords)
        if new and self.quantity > 0:
            self.product.quantity += self.SIGN * self.quantity
            self.product.save()
