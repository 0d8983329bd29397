"""What a worker process of these tests imports (`celery worker --include`): the tests' own kinds and slow ledger."""

from tests.ledgers.job_kinds import register

register()
