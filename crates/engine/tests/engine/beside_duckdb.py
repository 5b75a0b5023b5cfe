"""Answers SQL over one table with DuckDB: `{"columns", "rows", "statements"}` in, a list of answers out, both JSON."""

import datetime
import decimal
import json
import sys

import duckdb

EPOCH = datetime.datetime(1970, 1, 1)


def cell(value):
    """The value as JSON has it; a moment is a text of milliseconds."""
    if isinstance(value, datetime.datetime):
        return f"at {round((value - EPOCH) / datetime.timedelta(milliseconds=1))}"
    if isinstance(value, datetime.date):
        return cell(datetime.datetime(value.year, value.month, value.day))
    if isinstance(value, decimal.Decimal):
        return float(value)
    return value


def answer(connection, statement):
    try:
        return [[cell(value) for value in row] for row in connection.execute(statement).fetchall()]
    except duckdb.Error as error:
        return f"{type(error).__name__}: {error}"


asked = json.load(sys.stdin)
connection = duckdb.connect()
columns = ", ".join(f'"{name}" {kind}' for name, kind in asked["columns"])
connection.execute(f"CREATE TABLE log ({columns})")
places = ", ".join("?" for _ in asked["columns"])
connection.executemany(f"INSERT INTO log VALUES ({places})", asked["rows"])
json.dump([answer(connection, statement) for statement in asked["statements"]], sys.stdout)
