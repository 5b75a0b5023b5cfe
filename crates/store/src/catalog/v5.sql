-- The catalog, format 5: usage of topics, erasures, notes and signatures of links. Never changed once released: a later
-- format is a further file.

-- One hour of one topic. Stays when the topic goes.
CREATE TABLE usage (
    account        TEXT NOT NULL,
    region         TEXT NOT NULL,
    topic          TEXT NOT NULL,
    hour_ms        INTEGER NOT NULL,
    written_bytes  INTEGER NOT NULL DEFAULT 0,
    indexed_bytes  INTEGER NOT NULL DEFAULT 0,
    stored_bytes   INTEGER NOT NULL DEFAULT 0,
    queried_bytes  INTEGER NOT NULL DEFAULT 0,
    write_requests INTEGER NOT NULL DEFAULT 0,
    query_requests INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, region, topic, hour_ms)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_by_hour ON usage (hour_ms);

-- What was ordered to be taken out of a topic. Never forgotten.
CREATE TABLE erasures (
    account    TEXT NOT NULL,
    region     TEXT NOT NULL,
    id         TEXT NOT NULL,
    topic      TEXT NOT NULL,
    search     TEXT NOT NULL,
    settings   TEXT NOT NULL,
    from_ms    INTEGER NOT NULL,
    to_ms      INTEGER NOT NULL,
    ordered_by TEXT NOT NULL,
    ordered_ms INTEGER NOT NULL,
    state      TEXT NOT NULL,
    rows       INTEGER NOT NULL DEFAULT 0,
    segments   INTEGER NOT NULL DEFAULT 0,
    ended_ms   INTEGER,
    failure    TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (account, region, id)
) STRICT, WITHOUT ROWID;

-- Why, where the deed alone does not say it; sealed where it is not empty.
ALTER TABLE chain ADD COLUMN note TEXT NOT NULL DEFAULT '';

-- Of the digest, by the key of the server; absent in links of earlier formats.
ALTER TABLE chain ADD COLUMN signature BLOB;
