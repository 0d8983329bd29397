"""Pure rules of identity and addresses: no database."""
