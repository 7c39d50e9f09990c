-- With which version's files a version was enforced last, as replaced ones: whoever goes back to it gets that back too.
alter table policy_version add column former integer;
update policy_version set former = (
  select p.former from runtime_policy p where p.name = policy_version.name and p.version = policy_version.number)
where kind = 'runtime_policy';
update policy_version set former = (
  select p.former from boot_policy p where p.name = policy_version.name and p.version = policy_version.number)
where kind = 'boot_policy';
