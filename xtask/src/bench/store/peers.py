"""Loads segments into DuckDB and chdb, asks them what natlens is asked, and tells how long each takes.

Called with a folder for their files, the glob of the segments, the rounds, and a file of questions: one JSON object a
line, with `name`, `duckdb`, `parquet` and `chdb`. Prints lines of peer, what, and number, parted by tabs.
"""

import json
import os
import statistics
import sys
import time

folder, segments, rounds, questions = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
with open(questions) as lines:
    questions = [json.loads(line) for line in lines]


def tell(peer, what, number):
    print(peer, what, round(number, 2), sep="\t", flush=True)


def timed(deed):
    before = time.perf_counter()
    deed()
    return time.perf_counter() - before


def measure(peer, key, run):
    for question in questions:
        try:
            times = [timed(lambda: run(question[key])) for _ in range(rounds + 1)]
        except Exception as error:  # One question that a peer refuses is left out, not all others.
            print(f"{peer} refused `{question['name']}`: {str(error).splitlines()[0]}", file=sys.stderr)
            continue
        tell(peer, question["name"], statistics.median(times[1:]) * 1000)


def bytes_below(path):
    files = (os.path.join(at, name) for at, _, names in os.walk(path) for name in names)
    return sum(os.path.getsize(file) for file in files)


def duckdb_own():
    import duckdb

    base = os.path.join(folder, "duckdb")
    os.makedirs(base)
    connection = duckdb.connect(os.path.join(base, "flows.duckdb"))
    run = lambda sql: connection.execute(sql).fetchall()
    run("SET TimeZone = 'UTC'")
    load = f"CREATE TABLE flows AS SELECT * FROM read_parquet('{segments}')"
    seconds = timed(lambda: (run(load), run("CHECKPOINT")))
    rows = run("SELECT count(*) FROM flows")[0][0]
    tell("DuckDB", "bytes a record", bytes_below(base) / rows)
    tell("DuckDB", "records a second", rows / seconds)
    measure("DuckDB", "duckdb", run)
    connection.close()


def duckdb_parquet():
    import duckdb

    connection = duckdb.connect()
    run = lambda sql: connection.execute(sql).fetchall()
    run("SET TimeZone = 'UTC'")
    run(f"CREATE VIEW flows AS SELECT * FROM read_parquet('{segments}')")
    measure("DuckDB, our segments", "duckdb", run)


def chdb_own():
    from chdb import session

    base = os.path.join(folder, "chdb")
    server = session.Session(base)
    run = lambda sql: server.query(sql, "CSV").bytes()
    described = run(f"DESCRIBE file('{segments}', Parquet)").decode().splitlines()
    columns = []
    for line in described:
        name, kind = [part.strip('"') for part in line.split('","')][:2]
        low = {"Nullable(String)": "LowCardinality(Nullable(String))"}
        kind = low.get(kind, kind) if name != "flow-id" else kind
        columns.append(f'"{name}" {kind} CODEC(ZSTD(1))')
    indexes = [
        f'INDEX i_{name} "{name}" TYPE bloom_filter(0.01) GRANULARITY 1' for name in ("srcaddr", "dstaddr", "natsrcaddr")
    ]
    run("CREATE DATABASE IF NOT EXISTS natlens ENGINE = Atomic")
    run(
        f"CREATE TABLE natlens.flows ({', '.join(columns + indexes)}) ENGINE = MergeTree "
        'ORDER BY (toStartOfHour(__TIMESTAMP__), "nat-gateway-id", srcaddr, dstaddr, __TIMESTAMP__) '
        "SETTINGS allow_nullable_key = 1"
    )
    load = f"INSERT INTO natlens.flows SELECT * FROM file('{segments}', Parquet)"
    seconds = timed(lambda: (run(load), run("OPTIMIZE TABLE natlens.flows FINAL")))
    rows, size = run(
        "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'natlens'"
    ).decode().strip().split(",")
    tell("chdb", "bytes a record", int(size) / int(rows))
    tell("chdb", "records a second", int(rows) / seconds)
    measure("chdb", "chdb", run)


for peer in (duckdb_own, duckdb_parquet, chdb_own):
    try:
        peer()
    except Exception as error:
        print(f"{peer.__name__} is left out: {str(error).splitlines()[0]}", file=sys.stderr)
