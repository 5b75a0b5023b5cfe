-- The catalog, format 2: the chain of each topic. Never changed once released: a later format is a further file.

ALTER TABLE segments ADD COLUMN digest BLOB;

CREATE TABLE chain (
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    topic   TEXT NOT NULL,
    number  INTEGER NOT NULL,
    deed    TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    added   TEXT NOT NULL,
    removed TEXT NOT NULL,
    digest  BLOB NOT NULL,
    PRIMARY KEY (account, region, topic, number)
) STRICT, WITHOUT ROWID;
