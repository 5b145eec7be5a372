"""From the folder to the records: what is wanted is compared with what is recorded."""
