"""The base case as a workbook whose formulas are live: a changed input recomputes the ICER in Excel or LibreOffice."""
