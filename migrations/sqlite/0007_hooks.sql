-- What was pushed to us: each event once, named by a hash of who said what of which item when, never of its words.
-- `record` is the SHA-256 of the bytes it came in.
create table hook_events (
  id text primary key,
  item text not null,
  what text not null,
  said bigint not null,
  record text not null,
  received bigint not null
);
create index hook_events_item on hook_events (item, what, said);
