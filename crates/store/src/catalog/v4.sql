-- The catalog, format 4: topics may be bounded in bytes. Never changed once released: a later format is a further file.

-- The most bytes of all segments together; 0 is no bound.
ALTER TABLE topics ADD COLUMN bytes_max INTEGER NOT NULL DEFAULT 0;
