"""Writing into somebody else's workbook with openpyxl. Pure: runs in a process apart, without Django."""
