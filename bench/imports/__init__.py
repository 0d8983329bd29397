"""A street's base ledger into an empty register: ours, django-import-export in bulk mode, and the floor."""
