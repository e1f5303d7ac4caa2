-- Finding everything: entries of a catch-up come after fresh ones; stored articles are looked at again for edits.
alter table entries add column late bigint not null default 0;
alter table entries add column recheck_at bigint;
alter table entries add column rechecks bigint not null default 0;
alter table entries add column modified bigint;
create index entries_recheck on entries (source, recheck_at);

-- A catch-up: what is still to be read of an archive of a source, back to a day.
create table catchups (
  source text not null,
  archive text not null,
  since bigint not null,
  opened bigint not null,
  progress text not null,
  state text not null,
  failures bigint not null default 0,
  lease_until bigint not null default 0,
  primary key (source, archive)
);

-- Processes that collect, and the hosts each of them holds.
create table collectors (name text primary key, until bigint not null);
create table watches (host text primary key, holder text not null, until bigint not null);

-- Alarms to the operator: one open at a time for each source.
create table alarms (
  id bigint generated always as identity primary key,
  source text not null,
  opened bigint not null,
  ended bigint,
  reason text not null,
  told bigint
);
create index alarms_open on alarms (source, ended);

-- Addresses people reported as missed, each a permanent case of recall.
create table missed (
  url text primary key,
  at bigint not null,
  username text not null,
  verdict text not null,
  note text not null
);
