package io.limestone.appraisal;

import io.limestone.appraisal.DmDevices.Device;
import io.limestone.evidence.DmEvent;
import io.limestone.evidence.ImaCursor;
import io.limestone.evidence.Span;
import io.limestone.policy.DmPolicy;
import io.limestone.policy.DmPolicy.Rule;
import io.limestone.policy.Expected;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Judges the device mapper's entries of one measurement list, one after the other (ima.md §8). */
final class DmJudge {
  private static final String IDS = "ima.validation.dm.";

  private final DmPolicy policy;
  private final Findings findings;
  private DmDevices devices;

  DmJudge(DmPolicy policy, Findings findings, DmDevices before) {
    this.policy = policy;
    this.findings = findings;
    this.devices = before;
  }

  /** The devices after the entries so far. */
  DmDevices devices() {
    return devices;
  }

  /** Judges the entry at the cursor, which is the device mapper's. */
  void entry(ImaCursor entry) {
    if (!entry.digestAlg().isOf(entry.extra(), entry.digest())) {
      fail(
          "invalid_data",
          "the digest of a device mapper event is that of its data",
          entry.digest().toBytes().hex(),
          "the digest of the data in the entry");
      return;
    }
    DmEvent event;
    try {
      event = DmEvent.parse(entry.name(), entry.extra());
    } catch (MalformedException e) {
      fail(
          "parsing_failed",
          "a device mapper event can be read",
          Encoding.printable(e.getMessage(), 200),
          "an event as the kernel writes it, of a known target");
      return;
    }
    switch (event) {
      case DmEvent.Load load -> load(load, tableHash(entry.extra()));
      case DmEvent.Resume resume -> resume(resume);
      case DmEvent.Remove remove -> remove(remove);
      case DmEvent.Clear clear -> clear(clear);
      case DmEvent.Rename rename -> rename(rename);
      case DmEvent.Update update -> update(update);
    }
  }

  /** As the kernel's device mapper names a table: by SHA-256, whatever {@code ima_hash=} says. */
  private static String tableHash(Span data) {
    return "sha256:" + HashAlg.SHA256.digest(data.toBytes()).hex();
  }

  /**
   * The list says that a kernel was started with kexec. It has none of the devices of the one
   * before, and sets up its own; so what was known ends here.
   *
   * <p>Whoever is root on the node can add the entry that says so, for real or by extending the PCR
   * himself, and no PCR tells the two apart. What he gains is little: a device without a load since
   * then may not be renamed, resumed, cleared or removed, a required one must be loaded again, and
   * each load is judged by the rules. He can have one more load, of a table that the rules allow,
   * than {@code allow_multiple_loads} says: where kexec is not used, {@code allow_kexec} ends that.
   */
  void kernelStarted(long number) {
    if (!policy.isEmpty() && !policy.kexec()) {
      fail(
          "kexec",
          "no kernel is started with kexec",
          "a further boot_aggregate, entry " + number,
          "one boot_aggregate (allow_kexec)");
    }
    devices = DmDevices.NONE;
  }

  /** What must hold once all entries have been judged. */
  void finish() {
    devices
        .byKey()
        .forEach(
            (key, device) -> {
              if (!device.valid()) {
                fail(
                    "device_invalid_state",
                    "each device is as its rule demands",
                    shown(key) + (device.active() ? "" : ", loaded but not working"),
                    "rule " + shown(device.rule()));
              }
            });
    for (Rule rule : policy.rules()) {
      if (rule.required()
          && devices.byKey().values().stream()
              .noneMatch(device -> device.valid() && device.rule().equals(rule.name()))) {
        fail(
            "required_policy_not_in_use",
            "each required device is there",
            "none",
            "a device of rule " + shown(rule.name()));
      }
    }
  }

  private void load(DmEvent.Load load, String table) {
    String key = key(load.device());
    Optional<Rule> found = policy.ruleFor(key);
    if (found.isEmpty()) {
      fail(
          "dm_table_load.no_matching_policy",
          "each device has a rule",
          shown(key),
          "a rule whose table_load has this " + policy.matchOn());
      return;
    }
    Rule rule = found.get();
    Device before = devices.byKey().get(key);
    if (before != null && !rule.reloadable()) {
      fail(
          "dm_table_load.multiple_table_loads",
          "the device is loaded once",
          shown(key) + " is loaded again",
          "one load (allow_multiple_loads)");
      devices = devices.with(key, before.invalid());
      return;
    }
    if (before == null && devices.byKey().size() == DmDevices.MAX_DEVICES) {
      fail(
          "parsing_failed",
          "no more devices than can be judged",
          "more",
          DmDevices.MAX_DEVICES + " devices");
      return;
    }
    boolean good =
        attributes(
            "dm_table_load.invalid_entry", "device " + shown(key), rule.device(), load.device());
    good &= targets(rule, load.targets());
    devices =
        devices.with(key, new Device(rule.name(), false, good && !rule.resumeRequired(), table));
  }

  private boolean targets(Rule rule, List<Map<String, String>> found) {
    if (rule.targets().size() != found.size()) {
      fail(
          "dm_table_load.num_targets_mismatch",
          "the table has the rule's targets",
          found.size() + " targets",
          rule.targets().size() + " targets");
      return false;
    }
    boolean good = true;
    for (int i = 0; i < found.size(); i++) {
      good &= target("dm_table_load", rule.targets().get(i), found.get(i), "target " + i);
    }
    return good;
  }

  private boolean target(
      String event, Map<String, Expected> expected, Map<String, String> found, String what) {
    boolean good = true;
    for (Map.Entry<String, Expected> one : expected.entrySet()) {
      if (!found.containsKey(one.getKey()) && !(one.getValue() instanceof Expected.Anything)) {
        fail(
            event + ".target_attribute_not_found",
            what + " has the attribute " + shown(one.getKey()),
            "none",
            one.getValue().toString());
        good = false;
      }
    }
    if (!attributes(event + ".target_data_invalid", what, expected, found) || !good) {
      fail(
          event + ".target_data_mismatch",
          what + " is the rule's",
          shown(String.valueOf(found.get("target_name"))),
          "the attributes of the rule");
      return false;
    }
    return true;
  }

  private boolean attributes(
      String event, String what, Map<String, Expected> expected, Map<String, String> found) {
    boolean good = true;
    for (Map.Entry<String, Expected> one : expected.entrySet()) {
      String value = found.get(one.getKey());
      if (value != null && !one.getValue().accepts(value)) {
        fail(
            event,
            what + ": " + shown(one.getKey()),
            shown(value),
            Encoding.printable(one.getValue().toString(), 200));
        good = false;
      }
    }
    return good;
  }

  private void resume(DmEvent.Resume resume) {
    String key = key(resume.device());
    Device device = known(key, "dm_device_resume.resume_before_table_load");
    if (device == null) {
      return;
    }
    if (device.active()) {
      fail(
          "dm_device_resume.already_active",
          "a device is resumed once",
          shown(key),
          "one resume for each load");
    } else if (!resume.activeTable().equals(Optional.of(device.table()))) {
      fail(
          "dm_device_resume.active_table_mismatch",
          "the table that works is the one that was loaded",
          shown(resume.activeTable().orElse("no data")),
          device.table());
      devices = devices.with(key, device.invalid());
    } else {
      devices = devices.with(key, device.resumed());
    }
  }

  private void remove(DmEvent.Remove remove) {
    String key = remove.device().map(this::key).orElse("");
    Device device = known(key, "dm_device_remove.remove_before_table_load");
    if (device == null) {
      return;
    }
    if (policy.rule(device.rule()).filter(Rule::removable).isPresent()) {
      devices = devices.without(key);
    } else {
      fail("dm_device_remove.device_removed", "the device stays", shown(key), "no removal");
      devices = devices.with(key, device.invalid());
    }
  }

  private void clear(DmEvent.Clear clear) {
    String key = key(clear.device());
    Device device = known(key, "dm_table_clear.clear_before_table_load");
    if (device == null) {
      return;
    }
    if (policy.rule(device.rule()).filter(Rule::clearable).isEmpty()) {
      fail("dm_table_clear.table_cleared", "the table stays", shown(key), "no clearing");
      devices = devices.with(key, device.invalid());
    } else if (!device.active()) {
      devices = devices.without(key);
    }
  }

  private void rename(DmEvent.Rename rename) {
    String key = key(rename.device());
    Device device = known(key, "dm_device_rename.rename_before_table_load");
    if (device == null) {
      return;
    }
    Optional<Rule> rule = policy.rule(device.rule());
    boolean good =
        isAllowed("new_name", rename.newName(), rename.device(), rule.map(Rule::newName));
    good &= isAllowed("new_uuid", rename.newUuid(), rename.device(), rule.map(Rule::newUuid));
    String newKey = policy.matchOn().equals("name") ? rename.newName() : rename.newUuid();
    devices = devices.without(key).with(newKey, good ? device : device.invalid());
  }

  private boolean isAllowed(
      String what, String value, Map<String, String> device, Optional<Expected> expected) {
    boolean changes = !value.equals(device.get(what.substring("new_".length())));
    if (changes && expected.filter(one -> one.accepts(value)).isEmpty()) {
      fail(
          "dm_device_rename." + what + "_invalid",
          "a device is only renamed as its rule allows",
          shown(value),
          expected.map(one -> Encoding.printable(one.toString(), 200)).orElse("no renaming"));
      return false;
    }
    return true;
  }

  private void update(DmEvent.Update update) {
    String key = key(update.device());
    Device device = known(key, "dm_target_update.update_before_table_load");
    if (device == null) {
      return;
    }
    List<Map<String, Expected>> targets =
        policy.rule(device.rule()).map(Rule::targets).orElse(List.of());
    String index = update.target().getOrDefault("target_index", "");
    int at = index.length() > 4 ? targets.size() : Integer.parseInt(index);
    Map<String, Expected> expected = at < targets.size() ? targets.get(at) : Map.of();
    if (expected.isEmpty()) {
      fail(
          "dm_target_update.target_data_mismatch",
          "the target is one of the rule's",
          "target " + shown(index),
          targets.size() + " targets");
      devices = devices.with(key, device.invalid());
    } else if (!target("dm_target_update", expected, update.target(), "target " + at)) {
      devices = devices.with(key, device.invalid());
    }
  }

  private @Nullable Device known(String key, String otherwise) {
    Device device = devices.byKey().get(key);
    if (device == null) {
      fail(otherwise, "the device's table was loaded before", shown(key), "a load event");
    }
    return device;
  }

  private String key(Map<String, String> device) {
    return device.getOrDefault(policy.matchOn(), "");
  }

  private static String shown(String text) {
    return Encoding.printable(text, 200);
  }

  private void fail(String event, String check, String found, String expected) {
    Map<String, Object> context = new LinkedHashMap<>();
    context.put("message", check + ": " + found);
    context.put("got", found);
    context.put("expected", expected);
    findings.fail(
        IDS + event,
        check,
        found,
        expected,
        "if the device was set up so on purpose, change dm-policy in the runtime policy; if not,"
            + " find out who set it up",
        context);
  }
}
