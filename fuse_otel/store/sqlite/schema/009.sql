-- Whether the call flows have the `path` of a call: one that the ledger knew before the index did
-- is not added, so nothing of it is taken away.

alter table calls add column counted integer not null default 1;
