-- What nodes run, recorded over a time to make a policy of it.
create table learning (
  name   text    not null collate "C" primary key,
  nodes  text    not null,            -- JSON: which nodes
  since  bigint not null,            -- ms since 1970
  until  bigint not null,            -- when it ends by itself
  ended  bigint,                     -- null: it is recorded
  actor  text    not null,
  why    text    not null,
  left_out bigint not null default 0 -- things that found no room
);

-- Each thing once. A name may be too long for an index, so a row is found by its digest.
create table learnt (
  learning text    not null collate "C" references learning (name),
  thing    text    not null collate "C",          -- SHA-256 (hex) over kind, signed, digest, name
  kind     text    not null,          -- file, key, buffer, violation
  name     text    not null,
  digest   text    not null,          -- hex; empty of a violation
  signed   bigint not null,
  at       bigint not null,          -- when it was seen first
  nodes    text    not null,          -- ids of the first few that it was seen on
  primary key (learning, thing)
);

create table learnt_of (
  learning text    not null collate "C" references learning (name),
  node     text    not null collate "C",
  facts    text    not null,          -- JSON: how much was learnt of it, and why it was not
  primary key (learning, node)
);

-- A canary can be a group of nodes, instead of a share of them or beside it.
alter table runtime_policy add column canary_group text;
alter table boot_policy add column canary_group text;
