"""What somebody who watches a running connector sees: one picture of it, and a page that shows it."""
