-- What was seen and kept: where each record stands, and its leaf of the log. An erased record has neither place nor salt.
create table evidence (
  leaf text primary key,
  name text,
  url text,
  file text,
  start bigint,
  length bigint,
  salt text,
  at bigint not null,
  position bigint,
  erased bigint
);
create index evidence_name on evidence (name);
create unique index evidence_position on evidence (position);

-- The root of the log after its first `size` leaves.
create table evidence_roots (size bigint primary key, root text not null, at bigint not null);
insert into sequence (name, value) values ('evidence', 0);

-- What an earlier wording was read from.
alter table item_versions add column snapshot text;
