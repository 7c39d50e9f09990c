-- Registrations. A node has at most two rows: the active one, which its TPM has proven, and a
-- candidate, which waits for its proof and replaces the active one with it, not before.
create table registration (
  id            text    not null,
  active        integer not null,
  ek_tpm        blob    not null,     -- TPM2B_PUBLIC
  aik_tpm       blob    not null,
  ek_chain      text,                 -- PEM, the EK certificate first
  iak_tpm       blob,
  iak_cert      blob,
  idevid_tpm    blob,
  idevid_cert   blob,
  mtls_cert     text,
  ip            text,
  port          integer,
  regcount      integer not null,
  digest        blob    not null,     -- SHA-256 over the identity: what a verifier pins
  endorsed      integer not null,
  endorsement   text    not null,
  sealed_key    blob,                 -- the candidate's challenge
  registered_at integer not null,     -- ms since 1970, of the identity
  primary key (id, active)
) strict;
create index registration_pending on registration (active, registered_at);

create table audit_log (
  seq     integer primary key autoincrement,
  at      integer not null,           -- ms since 1970
  actor   text    not null,
  action  text    not null,
  subject text    not null,
  detail  text    not null
) strict;
create index audit_log_subject on audit_log (subject, seq);
