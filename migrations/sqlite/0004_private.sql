-- What was taken out of an item because it names a private person, sealed (src/private): readable with the key only.
create table private_author (item text primary key, sealed blob not null, stored bigint not null);
create index private_author_stored on private_author (stored);

-- Items of earlier versions hold names in clear; `guarded` says that they were taken out.
alter table items add column guarded bigint not null default 0;
create index items_unguarded on items (id) where guarded = 0;

-- When the platform last confirmed an item, and whether its words were taken out because it no longer did.
alter table items add column refreshed bigint not null default 0;
alter table items add column expired bigint not null default 0;
update items set refreshed = collected;
create index items_snapshot on items (snapshot);
create index item_versions_snapshot on item_versions (snapshot);
