"""The only rooms that know SQLAlchemy: tables, migrations, one module per noun."""
