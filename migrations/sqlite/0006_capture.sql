-- Who handed an item in, and when. Of an address that waits to be fetched the item comes later.
create table capture (
  item text not null,
  username text not null,
  province text not null,
  access text not null,
  form text not null,
  arrival text,
  place text not null,
  at bigint not null,
  primary key (item, username, province)
);
create index capture_at on capture (at);

-- Pictures handed in with an item; their bytes are evidence.
create table capture_pictures (
  item text not null,
  name text not null,
  media_type text not null,
  title text not null,
  primary key (item, name)
);
create index capture_pictures_name on capture_pictures (name);
