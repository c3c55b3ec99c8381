"""Do the tests notice when the code is wrong? ``python -m tools.mutants`` breaks it and runs them."""
