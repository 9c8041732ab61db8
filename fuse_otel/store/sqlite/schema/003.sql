-- Since when a call is pending: what knows neither its start nor its end has to end as well.

alter table pending add column since integer not null default 0;
update pending set since = due;
