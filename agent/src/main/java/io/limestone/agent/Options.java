package io.limestone.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The options of agent.conf by name, from all their sources, the later winning over the earlier
 * (pull-protocol.md section 9.1): {@code /usr/etc/keylime/agent.conf}, its {@code agent.conf.d},
 * {@code /etc/keylime/agent.conf}, its {@code agent.conf.d}, the environment. A file named
 * explicitly stands for all files.
 */
final class Options {
  private static final int MAX_FILE = 1 << 20;

  private final Map<String, Object> values = new LinkedHashMap<>();
  private final Set<String> asked = new TreeSet<>();

  private Options() {}

  static Options read(Optional<Path> explicitFile, Map<String, String> environment)
      throws ConfigException {
    Options options = new Options();
    Optional<Path> file =
        explicitFile.or(
            () -> Optional.ofNullable(environment.get("KEYLIME_AGENT_CONFIG")).map(Path::of));
    if (file.isPresent()) {
      options.addFile(file.get());
    } else {
      for (String folder : List.of("/usr/etc/keylime", "/etc/keylime")) {
        options.addFileAndDropIns(Path.of(folder));
      }
    }
    environment.forEach(
        (name, value) -> {
          if (name.startsWith("KEYLIME_AGENT_") && !name.equals("KEYLIME_AGENT_CONFIG")) {
            options.values.put(
                name.substring("KEYLIME_AGENT_".length()).toLowerCase(Locale.ROOT), value);
          }
        });
    return options;
  }

  private void addFileAndDropIns(Path folder) throws ConfigException {
    if (Files.exists(folder.resolve("agent.conf"))) {
      addFile(folder.resolve("agent.conf"));
    }
    Path dropIns = folder.resolve("agent.conf.d");
    if (Files.isDirectory(dropIns)) {
      try (Stream<Path> files = Files.list(dropIns)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".conf")).sorted().toList()) {
          addFile(file);
        }
      } catch (IOException e) {
        throw new ConfigException(dropIns + " cannot be read: " + e.getMessage(), e);
      }
    }
  }

  private void addFile(Path file) throws ConfigException {
    try {
      if (Files.size(file) > MAX_FILE) {
        throw new ConfigException(file + " is larger than 1 MiB");
      }
      values.putAll(AgentToml.read(Files.readString(file)));
    } catch (IOException e) {
      throw new ConfigException("agent.conf cannot be read: " + e.getMessage(), e);
    } catch (ConfigException e) {
      throw new ConfigException(file + ", " + e.getMessage(), e);
    }
  }

  /** A text; empty and {@code default} mean the default, as they do for Keylime's agent. */
  String text(String name, String byDefault) throws ConfigException {
    return optionalText(name).orElse(byDefault);
  }

  Optional<String> optionalText(String name) throws ConfigException {
    Object value = get(name);
    if (value == null || value.equals("") || value.equals("default")) {
      return Optional.empty();
    }
    return switch (value) {
      case String text -> Optional.of(text);
      case Long number -> Optional.of(number.toString());
      default -> throw new ConfigException(name + " must be a string");
    };
  }

  /** Whether the option is there and is the empty text, which for a few options means "none". */
  boolean isEmptied(String name) {
    return "".equals(get(name));
  }

  boolean flag(String name, boolean byDefault) throws ConfigException {
    return switch (get(name)) {
      case null -> byDefault;
      case Boolean flag -> flag;
      case String text when text.isEmpty() -> byDefault;
      case String text when text.equalsIgnoreCase("true") -> true;
      case String text when text.equalsIgnoreCase("false") -> false;
      default -> throw new ConfigException(name + " must be true or false");
    };
  }

  int port(String name, int byDefault) throws ConfigException {
    return (int) number(name, byDefault, 1, 65_535);
  }

  long number(String name, long byDefault, long min, long max) throws ConfigException {
    Optional<String> text = optionalText(name);
    if (text.isEmpty()) {
      return byDefault;
    }
    try {
      long number = Long.parseLong(text.get());
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new ConfigException(name + " must be a number", e);
    }
    throw new ConfigException(name + " must be from " + min + " to " + max);
  }

  /** A list of texts: an array, or one text with commas between and perhaps brackets around. */
  Optional<List<String>> list(String name) throws ConfigException {
    Object value = get(name);
    if (value == null || value.equals("") || value.equals("default")) {
      return Optional.empty();
    }
    if (value instanceof List<?> items) {
      return Optional.of(items.stream().map(String::valueOf).toList());
    }
    if (!(value instanceof String text)) {
      throw new ConfigException(name + " must be a list of strings");
    }
    String inner = text.strip();
    if (inner.startsWith("[") && inner.endsWith("]")) {
      inner = inner.substring(1, inner.length() - 1);
    }
    List<String> items = new ArrayList<>();
    for (String item : inner.split(",", -1)) {
      String bare = item.strip().replaceAll("^[\"']|[\"']$", "");
      if (!bare.isEmpty()) {
        items.add(bare);
      }
    }
    return Optional.of(items);
  }

  private @Nullable Object get(String name) {
    asked.add(name);
    return values.get(name);
  }

  /** Options that are set and that nothing asked for. */
  List<String> unused() {
    return values.keySet().stream().filter(name -> !asked.contains(name)).sorted().toList();
  }
}
