-- The catalog, format 3: what deleted flow logs ordered, and roles. Never changed once released: a later format is a
-- further file.

-- Batches of a flow log come after it was deleted, too: those that its gateway had made before it heard of that.
CREATE TABLE former_flow_logs (
    account      TEXT NOT NULL,
    region       TEXT NOT NULL,
    id           TEXT NOT NULL,
    scope        TEXT NOT NULL,
    resource     TEXT NOT NULL,
    topic_region TEXT NOT NULL,
    topic        TEXT NOT NULL,
    deleted_ms   INTEGER NOT NULL,
    PRIMARY KEY (account, region, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_flow_logs_of_topic ON former_flow_logs (account, topic_region, topic);

-- Until now every user could do everything, whatever the role said.
UPDATE users SET role = 'admin';
