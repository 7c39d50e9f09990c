-- Registrations. A node has at most two rows: the active one, which its TPM has proven, and a
-- candidate, which waits for its proof and replaces the active one with it, not before.
create table registration (
  id            text    not null collate "C",
  active        boolean not null,
  ek_tpm        bytea   not null,     -- TPM2B_PUBLIC
  aik_tpm       bytea   not null,
  ek_chain      text,                 -- PEM, the EK certificate first
  iak_tpm       bytea,
  iak_cert      bytea,
  idevid_tpm    bytea,
  idevid_cert   bytea,
  mtls_cert     text,
  ip            text,
  port          integer,
  regcount      bigint  not null,
  digest        bytea   not null,     -- SHA-256 over the identity: what a verifier pins
  endorsed      boolean not null,
  endorsement   text    not null,
  sealed_key    bytea,                -- the candidate's challenge
  registered_at bigint  not null,     -- ms since 1970, of the identity
  primary key (id, active)
);
create index registration_pending on registration (active, registered_at);

create table audit_log (
  seq     bigint generated always as identity primary key,
  at      bigint  not null,           -- ms since 1970
  actor   text    not null,
  action  text    not null,
  subject text    not null,
  detail  text    not null
);
create index audit_log_subject on audit_log (subject, seq);
