-- All times are Unix milliseconds; all JSON is the serde form of the type of the same name in src/model.

create table meta (key text primary key, value text not null);
create table sequence (name text primary key, value bigint not null);
insert into sequence (name, value) values ('items', 0);

create table feeds (
  source text not null,
  url text not null,
  etag text,
  last_modified text,
  next_check bigint not null,
  interval_seconds bigint not null,
  failures bigint not null default 0,
  last_ok bigint,
  last_new bigint,
  last_error text not null default '',
  lease_until bigint not null default 0,
  primary key (source, url)
);

create table checks (
  id integer primary key autoincrement,
  source text not null,
  feed text not null,
  at bigint not null,
  ok bigint not null,
  status bigint not null,
  listed bigint not null,
  fresh bigint not null,
  error text not null
);
create index checks_at on checks (at, source);

create table entries (
  url text primary key,
  source text not null,
  feed text not null,
  entry text not null,
  state text not null,
  attempts bigint not null default 0,
  next_attempt bigint not null,
  first_seen bigint not null,
  finished_at bigint,
  reason text not null,
  lease_until bigint not null default 0
);
create index entries_waiting on entries (source, state, next_attempt);
create index entries_seen on entries (first_seen);

create table items (
  id text primary key,
  seq bigint not null,
  source text not null,
  kind text not null,
  platform text not null,
  access text not null,
  published bigint not null,
  collected bigint not null,
  parent text,
  item text not null,
  snapshot text,
  method text not null,
  warnings text not null,
  analysed bigint not null default 0,
  relevant bigint not null default 0,
  removed bigint not null default 0
);
create unique index items_seq on items (seq);
create index items_waiting on items (analysed, collected, id);
create index items_collected on items (relevant, collected);
create index items_parent on items (parent);

create table item_versions (
  item text not null,
  at bigint not null,
  title text not null,
  body text not null,
  primary key (item, at)
);

create table observations (
  item text not null,
  at bigint not null,
  observation text not null,
  primary key (item, at)
);

create table analyses (
  item text primary key,
  at bigint not null,
  version text not null,
  relevant bigint not null,
  sentiment text not null,
  content_kind text not null,
  verdict text not null,
  rumour text,
  topic text,
  analysis text not null
);
create index analyses_verdict on analyses (verdict, at);

create table item_topics (
  item text not null,
  topic text not null,
  place bigint not null,
  score double precision not null,
  primary key (item, topic)
);
create index item_topics_topic on item_topics (topic);

create table item_provinces (
  item text not null,
  province text not null,
  primary key (item, province)
);

create table story_items (
  item text primary key,
  story text not null,
  reprint_of text
);
create index story_items_story on story_items (story);

create table stories (
  id text primary key,
  title text not null,
  lead_item text not null,
  first_at bigint not null,
  last_at bigint not null,
  items bigint not null,
  sources bigint not null,
  topic text not null
);
create index stories_last on stories (last_at);

create table story_redirects (old text primary key, new text not null);

create table alerts (
  id text primary key,
  opened bigint not null,
  updated bigint not null,
  level bigint not null,
  kind text not null,
  state text not null,
  resolved bigint not null,
  alert text not null
);
create index alerts_updated on alerts (updated);

create table alert_events (
  id integer primary key autoincrement,
  alert text not null,
  at bigint not null,
  event text not null,
  level bigint not null,
  items bigint not null,
  body text not null,
  unique (alert, event, level, items)
);

create table alert_actions (
  id integer primary key autoincrement,
  alert text not null,
  at bigint not null,
  username text not null,
  from_state text not null,
  to_state text not null,
  comment text not null
);
create index alert_actions_alert on alert_actions (alert, id);

create table editions (
  id text primary key,
  kind text not null,
  day text not null,
  revision bigint not null,
  audience text not null,
  planned bigint not null,
  composed bigint not null,
  kept bigint not null,
  edition text not null,
  subject text not null,
  html text not null,
  plain text not null,
  docx blob not null,
  sha256 text not null,
  unique (kind, day, revision, audience)
);

create table edition_lines (
  edition text not null,
  number bigint not null,
  story text not null,
  line text not null,
  primary key (edition, number)
);
create index edition_lines_story on edition_lines (story);

create table deliveries (
  id integer primary key autoincrement,
  edition text not null,
  recipient text not null,
  state text not null,
  message_id text not null,
  attempts bigint not null default 0,
  next_attempt bigint not null,
  lease_until bigint not null default 0,
  last_answer text not null default '',
  unique (edition, recipient)
);
create index deliveries_waiting on deliveries (state, next_attempt);

create table attempts (
  id integer primary key autoincrement,
  delivery bigint not null,
  number bigint not null,
  at bigint not null,
  outcome text not null,
  answer text not null
);
create index attempts_delivery on attempts (delivery, id);

create table users (
  name text primary key,
  role text not null,
  password text not null,
  created bigint not null,
  disabled bigint not null default 0
);

create table sessions (
  token text primary key,
  username text not null,
  created bigint not null,
  expires bigint not null
);

create table tokens (
  token text primary key,
  username text not null,
  name text not null,
  created bigint not null,
  revoked bigint
);

create table audit (
  id integer primary key autoincrement,
  at bigint not null,
  username text not null,
  action text not null,
  subject text not null,
  detail text not null
);

create table gate_counts (
  day text not null,
  gate text not null,
  source text not null,
  n bigint not null,
  primary key (day, gate, source)
);
