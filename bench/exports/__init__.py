"""The base ledger of a street into a workbook: ours, openpyxl, XlsxWriter, and the floor."""
