"""The command line: `main` and one thin file per noun. Never touches tables."""
