-- Policies: each content once, however many names and nodes use it.
create table policy_text (
  digest  text not null collate "C" primary key,  -- SHA-256 of the content, hex
  content text not null
);

create table runtime_policy (
  name       text    not null collate "C" primary key,
  digest     text    not null references policy_text (digest),
  tpm_policy text
);

create table boot_policy (
  name   text not null collate "C" primary key,
  digest text not null references policy_text (digest)
);

-- Nodes that are watched. What changes with every attestation is in `life`, written in batches.
create table node (
  id             text    not null collate "C" primary key,
  enrolled_at    bigint  not null,    -- ms since 1970
  enrolment      text    not null,    -- JSON as enrolled, without secrets and policies
  v              bytea,               -- sealed
  revocation_key bytea,                -- sealed
  runtime_policy text references runtime_policy (name),
  boot_policy    text references boot_policy (name),
  state          bigint  not null,    -- Keylime's number
  life           text    not null,    -- JSON: counters, appraisal state
  revision       bigint  not null     -- of life: an older one never replaces a newer one
);
create index node_runtime_policy on node (runtime_policy);
create index node_boot_policy on node (boot_policy);

-- What changed about a node, never changed itself.
create table node_change (
  seq      bigint generated always as identity primary key,
  node     text    not null,
  at       bigint  not null,
  kind     text    not null,
  detail   text    not null,
  failures text                       -- JSON list, where there are any
);
create index node_change_node on node_change (node, seq);

-- The outbox: a notice is written together with the change that it tells of, and with one delivery
-- for everybody who is to be told.
create table notice (
  seq     bigint generated always as identity primary key,
  node    text   not null,            -- the node it is about
  body    text   not null,            -- the signed envelope
  made_at bigint not null
);
create index notice_node on notice (node, seq);

create table delivery (
  seq       bigint generated always as identity primary key,
  notice    bigint not null references notice (seq),
  channel   text   not null,          -- webhook, or agent
  recipient text   not null,          -- a node's id; empty for the webhook
  attempts  bigint not null,
  due_at    bigint,                  -- null: over
  outcome   text   not null
);
create index delivery_due on delivery (due_at);
create index delivery_notice on delivery (notice);
