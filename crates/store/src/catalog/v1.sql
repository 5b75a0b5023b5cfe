-- The catalog, format 1. Never changed once released: a later format is a further file.
-- Every resource's key starts with account and region. Times end in _ms: Unix milliseconds.

CREATE TABLE sequences (
    name  TEXT PRIMARY KEY NOT NULL,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE logsets (
    account    TEXT NOT NULL,
    region     TEXT NOT NULL,
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,
    tags       TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (account, region, id),
    UNIQUE (account, region, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE topics (
    account      TEXT NOT NULL,
    region       TEXT NOT NULL,
    id           TEXT NOT NULL,
    logset       TEXT NOT NULL,
    name         TEXT NOT NULL,
    period_days  INTEGER NOT NULL,
    storage_type TEXT NOT NULL,
    describes    TEXT NOT NULL,
    tags         TEXT NOT NULL,
    collecting   INTEGER NOT NULL,
    rows_ever    INTEGER NOT NULL DEFAULT 0,
    created_ms   INTEGER NOT NULL,
    PRIMARY KEY (account, region, id),
    UNIQUE (account, region, logset, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE indexes (
    account     TEXT NOT NULL,
    region      TEXT NOT NULL,
    topic       TEXT NOT NULL,
    version     INTEGER NOT NULL,
    settings    TEXT NOT NULL,
    enabled     INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL,
    PRIMARY KEY (account, region, topic)
) STRICT, WITHOUT ROWID;

CREATE TABLE segments (
    id         INTEGER PRIMARY KEY NOT NULL,
    account    TEXT NOT NULL,
    region     TEXT NOT NULL,
    topic      TEXT NOT NULL,
    version    INTEGER NOT NULL,
    level      INTEGER NOT NULL,
    rows       INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    first_ms   INTEGER NOT NULL,
    last_ms    INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX segments_of_topic ON segments (account, region, topic, last_ms);

CREATE TABLE batches (
    account   TEXT NOT NULL,
    region    TEXT NOT NULL,
    id        BLOB NOT NULL,
    topic     TEXT NOT NULL,
    gateway   TEXT NOT NULL,
    rows      INTEGER NOT NULL,
    stored_ms INTEGER NOT NULL,
    PRIMARY KEY (account, region, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX batches_by_age ON batches (stored_ms);

CREATE TABLE flow_logs (
    account      TEXT NOT NULL,
    region       TEXT NOT NULL,
    id           TEXT NOT NULL,
    name         TEXT NOT NULL,
    scope        TEXT NOT NULL,
    resource     TEXT NOT NULL,
    kind         TEXT NOT NULL,
    topic_region TEXT NOT NULL,
    topic        TEXT NOT NULL,
    enabled      INTEGER NOT NULL,
    description  TEXT NOT NULL,
    vpc          TEXT,
    period_s     INTEGER,
    tags         TEXT NOT NULL,
    created_ms   INTEGER NOT NULL,
    PRIMARY KEY (account, region, id),
    UNIQUE (account, region, name),
    UNIQUE (account, region, scope, resource, kind, topic_region, topic)
) STRICT, WITHOUT ROWID;

CREATE TABLE gateways (
    account      TEXT NOT NULL,
    region       TEXT NOT NULL,
    id           TEXT NOT NULL,
    name         TEXT NOT NULL,
    vpc          TEXT,
    tags         TEXT NOT NULL,
    token_hash   BLOB NOT NULL UNIQUE,
    report       TEXT,
    last_seen_ms INTEGER,
    created_ms   INTEGER NOT NULL,
    PRIMARY KEY (account, region, id),
    UNIQUE (account, region, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    account           TEXT NOT NULL,
    name              TEXT NOT NULL,
    role              TEXT NOT NULL,
    password_hash     TEXT,
    must_set_password INTEGER NOT NULL,
    created_ms        INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    hash         BLOB PRIMARY KEY NOT NULL,
    account      TEXT NOT NULL,
    user         TEXT NOT NULL,
    created_ms   INTEGER NOT NULL,
    last_used_ms INTEGER NOT NULL,
    expires_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_user ON sessions (account, user);

CREATE TABLE access_keys (
    secret_id   TEXT PRIMARY KEY NOT NULL,
    account     TEXT NOT NULL,
    user        TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    description TEXT NOT NULL,
    created_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment_tokens (
    hash       BLOB PRIMARY KEY NOT NULL,
    account    TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE one_time_links (
    hash       BLOB PRIMARY KEY NOT NULL,
    account    TEXT NOT NULL,
    user       TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    spent      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
