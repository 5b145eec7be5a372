"""Who is told what: news from the records, on ways that people and programs follow."""
