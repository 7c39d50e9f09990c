package io.limestone.evidence;

import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The grammar of device mapper events (ima.md §8). For one event. */
final class DmGrammar {
  private static final int MAX_TARGETS = 1000;
  private static final int MAX_MIRRORS = 64;

  private final DmText in;

  DmGrammar(DmText in) {
    this.in = in;
  }

  DmEvent event(String name) {
    in.take("dm_version=");
    in.version();
    in.take(";");
    return switch (name) {
      case "dm_table_load" -> load();
      case "dm_device_resume" -> resume();
      case "dm_device_remove" -> remove();
      case "dm_table_clear" -> clear();
      case "dm_device_rename" -> rename();
      case "dm_target_update" -> {
        Map<String, String> device = device();
        in.take(";");
        yield new DmEvent.Update(device, target());
      }
      default -> throw new MalformedException("no event of the device mapper");
    };
  }

  private DmEvent load() {
    Map<String, String> device = device();
    in.take(";");
    List<Map<String, String>> targets = new ArrayList<>();
    do {
      targets.add(target());
      if (targets.size() > MAX_TARGETS) {
        throw new MalformedException("device mapper: more than " + MAX_TARGETS + " targets");
      }
    } while (in.comes("target_index="));
    return new DmEvent.Load(device, List.copyOf(targets));
  }

  private DmEvent resume() {
    Map<String, String> device = device();
    in.take(";");
    Optional<String> table = Optional.empty();
    if (in.skip("active_table_hash=")) {
      table = Optional.of(in.word());
    } else {
      in.take("device_resume=no_data");
    }
    in.take(";");
    capacity();
    return new DmEvent.Resume(device, table);
  }

  private DmEvent remove() {
    Optional<Map<String, String>> device = Optional.empty();
    if (in.comes("name=")) {
      device = Optional.of(nameAndUuid());
      in.take(";");
    }
    if (in.skip("device_remove=no_data;")) {
      in.take("remove_all=");
    } else {
      boolean active = in.skip("device_active_metadata=");
      if (active) {
        device = Optional.of(device());
        in.take(";");
      }
      boolean inactive = in.skip("device_inactive_metadata=");
      if (inactive) {
        Map<String, String> other = device();
        device = device.or(() -> Optional.of(other));
        in.take(";");
      }
      tables(active, inactive);
      in.take(",remove_all=");
    }
    in.word();
    in.take(";");
    capacity();
    return new DmEvent.Remove(device);
  }

  private void tables(boolean active, boolean inactive) {
    if (active) {
      in.take("active_table_hash=");
      in.word();
    }
    if (inactive && (!active || in.skip(";"))) {
      in.take("inactive_table_hash=");
      in.word();
    }
    if (!active && !inactive) {
      throw new MalformedException("device mapper: a removal says of no device");
    }
  }

  private DmEvent clear() {
    Map<String, String> device = nameAndUuid();
    if (in.comes(",")) {
      in.take(",");
      numbers(device);
      in.take(";inactive_table_hash=");
      in.word();
    } else {
      in.take(";table_clear=no_data");
    }
    in.take(";");
    in.skipBlanks();
    capacity();
    return new DmEvent.Clear(Collections.unmodifiableMap(device));
  }

  private DmEvent rename() {
    Map<String, String> device = device();
    in.take(";new_name=");
    String name = in.word();
    in.take(",new_uuid=");
    String uuid = in.maybeWord();
    in.take(";");
    capacity();
    return new DmEvent.Rename(device, name, uuid);
  }

  private void capacity() {
    in.take("current_device_capacity=");
    in.number();
    in.take(";");
  }

  private Map<String, String> device() {
    Map<String, String> device = nameAndUuid();
    in.take(",");
    numbers(device);
    return Collections.unmodifiableMap(device);
  }

  private Map<String, String> nameAndUuid() {
    Map<String, String> device = new LinkedHashMap<>();
    in.take("name=");
    device.put("name", in.word());
    in.take(",uuid=");
    device.put("uuid", in.maybeWord());
    return device;
  }

  private void numbers(Map<String, String> device) {
    String before = "";
    for (String key : List.of("major", "minor", "minor_count", "num_targets")) {
      in.take(before + key + "=");
      device.put(key, in.number());
      before = ",";
    }
  }

  private Map<String, String> target() {
    Map<String, String> target = new LinkedHashMap<>();
    for (String key : List.of("target_index", "target_begin", "target_len")) {
      in.take(key + "=");
      target.put(key, in.number());
      in.take(",");
    }
    in.take("target_name=");
    String kind = in.word();
    target.put("target_name", kind);
    in.take(",target_version=");
    target.put("target_version", in.version());
    if (kind.equals("mirror")) {
      mirror(target);
    } else {
      for (Attribute attribute : attributes(kind)) {
        attribute(attribute, target);
      }
    }
    in.take(";");
    return Collections.unmodifiableMap(target);
  }

  private enum Form {
    WORD,
    NUMBER,
    YES_NO
  }

  private record Attribute(String key, Form form, boolean optional) {}

  private void attribute(Attribute attribute, Map<String, String> target) {
    if (attribute.optional() && !in.comes("," + attribute.key() + "=")) {
      return;
    }
    in.take("," + attribute.key() + "=");
    target.put(
        attribute.key(),
        switch (attribute.form()) {
          case WORD -> in.word();
          case NUMBER -> in.number();
          case YES_NO -> in.yesOrNo();
        });
  }

  private void mirror(Map<String, String> target) {
    in.take(",nr_mirrors=");
    String count = in.number();
    target.put("nr_mirrors", count);
    int mirrors = count.length() > 4 ? MAX_MIRRORS + 1 : Integer.parseInt(count);
    if (mirrors > MAX_MIRRORS) {
      throw new MalformedException("device mapper: more than " + MAX_MIRRORS + " mirrors");
    }
    for (int i = 0; i < mirrors; i++) {
      for (String key : List.of("mirror_device_" + i, "mirror_device_" + i + "_status")) {
        in.take("," + key + "=");
        target.put(key, in.word());
      }
    }
    attribute(new Attribute("handle_errors", Form.YES_NO, false), target);
    attribute(new Attribute("keep_log", Form.YES_NO, false), target);
    in.take(",log_type_status=");
    target.put("log_type_status", in.maybeWord());
  }

  /** {@code key} is a text, {@code key#} a number, {@code key!} y or n; {@code ?} behind: maybe. */
  private static List<Attribute> attributes(String kind) {
    String keys =
        switch (kind) {
          case "linear" -> "device_name start";
          case "verity" ->
              "hash_failed verity_version# data_device_name hash_device_name verity_algorithm"
                  + " root_digest salt ignore_zero_blocks! check_at_most_once!"
                  + " root_hash_sig_key_desc? verity_mode?";
          case "crypt" ->
              "allow_discards! same_cpu_crypt! submit_from_crypt_cpus! no_read_workqueue!"
                  + " no_write_workqueue! iv_large_sectors! integrity_tag_size? cipher_auth?"
                  + " sector_size? cipher_string? key_size key_parts key_extra_size key_mac_size";
          case "integrity" ->
              "dev_name start tag_size mode meta_device? block_size? recalculate!"
                  + " allow_discards! fix_padding! fix_hmac! legacy_recalculate! journal_sectors"
                  + " interleave_sectors buffer_sectors";
          case "cache" ->
              "metadata_mode cache_metadata_device cache_device cache_origin_device writethrough!"
                  + " writeback! passthrough! metadata2! no_discard_passdown!";
          case "snapshot" ->
              "snap_origin_name snap_cow_name snap_valid! snap_merge_failed! snapshot_overflowed!";
          default -> throw new MalformedException("device mapper: a target that is not known");
        };
    List<Attribute> attributes = new ArrayList<>();
    for (String key : keys.split(" ", -1)) {
      String name = key.replaceAll("[#!?]", "");
      Form form = key.contains("#") ? Form.NUMBER : key.contains("!") ? Form.YES_NO : Form.WORD;
      attributes.add(new Attribute(name, form, key.endsWith("?")));
    }
    return attributes;
  }
}
