"""Reading what arrives: files, tables in them, captions, cells. Pure: knows no model."""
