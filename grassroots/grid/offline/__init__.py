"""Working without a connection: what a device keeps, and what it seals and sends later (docs/offline.md)."""
