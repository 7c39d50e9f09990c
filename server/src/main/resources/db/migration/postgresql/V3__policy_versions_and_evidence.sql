-- Every version of a policy, by number. What is enforced, and what is rolled out beside it, are
-- versions; `digest` of the policy's own row stays that of the version enforced. Files that the
-- version `former` lists may have run until they were replaced.
create table policy_version (
  kind       text    not null collate "C",        -- runtime_policy or boot_policy
  name       text    not null collate "C",
  number     bigint not null,
  digest     text    not null references policy_text (digest),
  tpm_policy text,
  at         bigint not null,        -- ms since 1970; 0: before versions were kept
  actor      text    not null,
  why        text    not null,
  enforced   bigint,                 -- when it was first, ms since 1970; null: never
  primary key (kind, name, number)
);
create index policy_version_digest on policy_version (digest);

insert into policy_version
  select 'runtime_policy', name, 1, digest, tpm_policy, 0, '', 'stored before versions were kept', 0
  from runtime_policy;
insert into policy_version
  select 'boot_policy', name, 1, digest, null, 0, '', 'stored before versions were kept', 0
  from boot_policy;

alter table runtime_policy add column version bigint not null default 1;
alter table runtime_policy add column candidate bigint;
alter table runtime_policy add column former bigint;
alter table runtime_policy add column candidate_former bigint;
alter table runtime_policy add column share bigint not null default 0;
alter table runtime_policy drop column tpm_policy;
alter table boot_policy add column version bigint not null default 1;
alter table boot_policy add column candidate bigint;
alter table boot_policy add column former bigint;
alter table boot_policy add column candidate_former bigint;
alter table boot_policy add column share bigint not null default 0;

-- The last evidence of each node, to judge it again by other policies. Lists and boot logs are cut
-- into chunks, each content once.
create table evidence (
  node  text    not null collate "C" primary key,
  at    bigint not null,             -- ms since 1970
  facts text    not null              -- JSON: the quote and what belongs to it, and which chunks
);

create table evidence_chunk (
  digest  text not null collate "C" primary key,  -- SHA-256 of the content, hex
  content bytea not null               -- deflated
);
