package io.limestone.evidence;

import io.limestone.wire.MalformedException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the kernel's device mapper measured: an {@code ima-buf} entry of one of six names, whose
 * data is ASCII text (kernel documentation, "dm-ima"; ima.md §8). Attributes keep the kernel's
 * names and order; their values are texts of {@code A-Z a-z 0-9 - : _ . + @ #}.
 */
public sealed interface DmEvent {
  /** Bytes of the longest data that is read. */
  int MAX_DATA = 64 * 1024;

  /** A table was loaded; it works from the next resume on. */
  record Load(Map<String, String> device, List<Map<String, String>> targets) implements DmEvent {}

  /**
   * A device works, with the table loaded last.
   *
   * @param activeTable {@code algorithm:hex} of the data of its load event; absent if the kernel
   *     had no data
   */
  record Resume(Map<String, String> device, Optional<String> activeTable) implements DmEvent {}

  /**
   * A device was removed.
   *
   * @param device of its active table, or else its inactive one; absent if the kernel had no data
   */
  record Remove(Optional<Map<String, String>> device) implements DmEvent {}

  /** A table that was loaded and not resumed was dropped. */
  record Clear(Map<String, String> device) implements DmEvent {}

  /** A device has another name or uuid; an empty text is one that is not set. */
  record Rename(Map<String, String> device, String newName, String newUuid) implements DmEvent {}

  /** A target's state changed, such as a verity target that found a corrupt block. */
  record Update(Map<String, String> device, Map<String, String> target) implements DmEvent {}

  /** The device mapper's own names for its events. */
  List<String> NAMES =
      List.of(
          "dm_table_load",
          "dm_device_resume",
          "dm_device_remove",
          "dm_table_clear",
          "dm_device_rename",
          "dm_target_update");

  /** Whether an entry of this name is the device mapper's. */
  static boolean isNamed(Span name) {
    return name.begins("dm_") && NAMES.stream().anyMatch(name::is);
  }

  /**
   * The event of a measured buffer.
   *
   * @param name one of {@link #NAMES}
   * @throws MalformedException if the data is not what the kernel writes
   */
  static DmEvent parse(Span name, Span data) {
    if (data.length() > MAX_DATA) {
      throw new MalformedException("device mapper data of more than " + MAX_DATA + " bytes");
    }
    DmText text = new DmText(data.toArray());
    String event =
        NAMES.stream()
            .filter(name::is)
            .findFirst()
            .orElseThrow(() -> new MalformedException("no event of the device mapper"));
    DmEvent parsed = new DmGrammar(text).event(event);
    text.end();
    return parsed;
  }
}
