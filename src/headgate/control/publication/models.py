"""The tables that the data plane reads; their shape is fixed by `snapshot/contract.py`."""

from django.db import models


class PublicationHead(models.Model):
    """One row: the newest revision. Its lock puts all publications into one order, the order of their commits."""

    id = models.SmallIntegerField(primary_key=True)
    revision = models.BigIntegerField()

    class Meta:
        """Table."""

        db_table = "headgate_publication_head"

    def __str__(self) -> str:
        return str(self.revision)


class Publication(models.Model):
    """One change. `key_hash` NULL: the snapshot changed; otherwise that key did."""

    revision = models.BigIntegerField(primary_key=True)
    key_hash = models.CharField(max_length=64, null=True)  # noqa: DJ001 - NULL is part of the contract

    class Meta:
        """Table."""

        db_table = "headgate_publication"

    def __str__(self) -> str:
        return f"{self.revision}: {self.key_hash or 'snapshot'}"


class Snapshot(models.Model):
    """An encoded `contract.Snapshot`; the newest revision counts."""

    revision = models.BigIntegerField(primary_key=True)
    payload = models.BinaryField()

    class Meta:
        """Table."""

        db_table = "headgate_snapshot"

    def __str__(self) -> str:
        return str(self.revision)


class PublishedKey(models.Model):
    """An encoded `contract.PublishedKey`; a revoked key has no row."""

    key_hash = models.CharField(primary_key=True, max_length=64)
    payload = models.BinaryField()

    class Meta:
        """Table."""

        db_table = "headgate_published_key"

    def __str__(self) -> str:
        return self.key_hash
