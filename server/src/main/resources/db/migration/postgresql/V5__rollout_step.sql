-- When the last step of a policy's roll-out was made (audit, canary), ms since 1970: one that nobody ends is told.
alter table runtime_policy add column step_at bigint;
alter table boot_policy add column step_at bigint;
