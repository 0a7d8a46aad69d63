"""The letters: structures, the words of each language (<lang>/words.yaml), prose (<lang>/<kind>.*), and `render`, the Jinja2 door."""
