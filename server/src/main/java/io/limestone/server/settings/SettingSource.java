package io.limestone.server.settings;

import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Texts of settings found in one place.
 *
 * @param label the place, as {@code config} names it
 * @param texts by the setting's name
 */
public record SettingSource(String label, Map<String, String> texts) {
  private static final String PREFIX = "LIMESTONE_";

  public SettingSource {
    texts = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(texts));
  }

  /**
   * A TOML file of sections with keys. A file that is not there gives nothing.
   *
   * @throws MalformedException if it is not TOML, or holds something else than sections of values
   */
  public static SettingSource file(Path file) throws IOException {
    return Files.exists(file)
        ? new SettingSource(file.toString(), Toml.texts(file))
        : new SettingSource(file.toString(), Map.of());
  }

  /**
   * Variables {@code LIMESTONE_SECTION_KEY}. One that names no setting is refused, save those in
   * {@code others}, which belong to other commands.
   */
  public static SettingSource environment(Map<String, String> environment, List<String> others) {
    Map<String, String> names = new TreeMap<>();
    Settings.CATALOGUE.forEach(s -> names.put(s.environmentName(), s.name()));
    Map<String, String> texts = new LinkedHashMap<>();
    new TreeMap<>(environment)
        .forEach(
            (variable, text) -> {
              if (!variable.startsWith(PREFIX) || others.contains(variable)) {
                return;
              }
              String name = names.get(variable);
              if (name == null) {
                throw new MalformedException(
                    "environment: " + Nearest.unknown(variable, names.keySet()));
              }
              texts.put(name, text);
            });
    return new SettingSource("environment", texts);
  }

  /** {@code section.key=value} arguments. */
  public static SettingSource assignments(List<String> assignments) {
    Map<String, String> texts = new LinkedHashMap<>();
    List<String> wrong = new ArrayList<>();
    for (String assignment : assignments) {
      int equals = assignment.indexOf('=');
      if (equals <= 0) {
        wrong.add(assignment);
      } else {
        texts.put(assignment.substring(0, equals).strip(), assignment.substring(equals + 1));
      }
    }
    if (!wrong.isEmpty()) {
      throw new MalformedException("--set takes section.key=value, not " + wrong.getFirst());
    }
    return new SettingSource("command line", texts);
  }
}
