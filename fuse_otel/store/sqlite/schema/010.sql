-- The CRC-32 of `data`: equal bytes need not be inflated to find damage. Batches of earlier versions,
-- and those that an erasure rewrote, have none.

alter table bodies add column checksum integer;

-- How many recent calls there are and how large they are, without reading their pages.
create index recent_sizes on recent (bytes, ended);
