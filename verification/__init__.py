"""Will gather the evidence and write the report for auditors; it is not there yet, and nothing imports this package."""
