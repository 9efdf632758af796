-- Additive: the release before this one neither reads nor writes the column, and
-- its inserts get the default. So that release still runs on this schema.
ALTER TABLE items ADD COLUMN price_cents integer NOT NULL DEFAULT 100 CHECK (price_cents >= 0);

UPDATE items SET price_cents = 100 + id % 900;
