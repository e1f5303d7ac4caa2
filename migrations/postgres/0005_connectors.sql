-- What the connectors to official APIs remember: how each is, what it asks next, and how much of a day's quota is spent.
create table connectors (
  name text primary key,
  label text not null,
  platform text not null,
  standing text not null,
  reason text not null,
  remedy text not null,
  since bigint,
  last_ok bigint,
  resume bigint,
  failures bigint not null
);

-- One thing to ask, again and again until it is closed. `cursor` is where its reading stands, `step` counts how often it was done.
create table errands (
  connector text not null,
  kind text not null,
  subject text not null,
  item text,
  due bigint not null,
  step bigint not null,
  cursor text not null,
  closed text,
  primary key (connector, kind, subject)
);
create index errands_due on errands (connector, closed, due);

-- Calls spent of each bucket on each day of the provider; spent before the call is made.
create table quota (
  provider text not null,
  bucket text not null,
  day text not null,
  used bigint not null,
  granted bigint not null,
  primary key (provider, bucket, day)
);

-- Items that were erased: a platform goes on showing them, and they are not to come back.
create table erased (item text primary key, at bigint not null);
