package io.limestone.server.settings;

import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The effective values, each with where it came from. Later sources win: the default, the file, the
 * environment, the command line. An unknown name stops the start: a misspelt setting that is
 * silently ignored is a setting that is not there.
 */
public final class Settings {
  /** Every setting there is. */
  public static final List<Setting<?>> CATALOGUE = catalogue();

  private final Map<String, Value> values;

  private Settings(Map<String, Value> values) {
    this.values = values;
  }

  /**
   * One effective value.
   *
   * @param source {@code default}, or where the text was found
   */
  public record Value(Setting<?> setting, String text, String source) {}

  /**
   * Values from sources in rising order of weight.
   *
   * @throws MalformedException naming an unknown setting, or one with an unusable value
   */
  public static Settings of(List<SettingSource> sources) {
    Map<String, Value> values = new LinkedHashMap<>();
    for (Setting<?> setting : CATALOGUE) {
      values.put(setting.name(), new Value(setting, setting.defaultText(), "default"));
    }
    for (SettingSource source : sources) {
      source
          .texts()
          .forEach(
              (name, text) -> {
                Value known = values.get(name);
                if (known == null) {
                  throw new MalformedException(
                      source.label() + ": " + Nearest.unknown(name, values.keySet()));
                }
                try {
                  var unused = known.setting().parse(text);
                } catch (MalformedException e) {
                  throw e.in(source.label());
                }
                values.put(name, new Value(known.setting(), text, source.label()));
              });
    }
    return new Settings(values);
  }

  public static Settings defaults() {
    return of(List.of());
  }

  /** These, with some values given as texts; for tests and embedding. */
  public Settings with(Map<String, String> texts) {
    List<SettingSource> sources = new ArrayList<>();
    values.values().stream()
        .filter(v -> !v.source().equals("default"))
        .forEach(
            v -> sources.add(new SettingSource(v.source(), Map.of(v.setting().name(), v.text()))));
    sources.add(new SettingSource("set", texts));
    return of(sources);
  }

  /** The setting's effective value. */
  public <T> T get(Setting<T> setting) {
    Value value = values.get(setting.name());
    if (value == null) {
      throw new IllegalArgumentException("not in the catalogue: " + setting.name());
    }
    return setting.parse(value.text());
  }

  /** All of them, in the catalogue's order. */
  public List<Value> all() {
    return List.copyOf(values.values());
  }

  private static List<Setting<?>> catalogue() {
    List<Setting<?>> all = new ArrayList<>();
    all.addAll(ServerSettings.ALL);
    all.addAll(RegistrarSettings.ALL);
    all.addAll(VerifierSettings.ALL);
    return List.copyOf(all);
  }
}
