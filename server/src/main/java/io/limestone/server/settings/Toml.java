package io.limestone.server.settings;

import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/** Reads {@code limestone.toml}: sections of plain values and lists of them. */
final class Toml {
  private Toml() {}

  static Map<String, String> texts(Path file) throws IOException {
    JsonNode root;
    try {
      root = new TomlMapper().readTree(Files.readAllBytes(file));
    } catch (JacksonException e) {
      throw new MalformedException(
          file + ": not TOML: " + Encoding.printable(e.getOriginalMessage(), 200), e);
    }
    Map<String, String> texts = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> section : root.properties()) {
      if (!section.getValue().isObject()) {
        throw new MalformedException(
            file + ": " + section.getKey() + " stands outside a [section]");
      }
      for (Map.Entry<String, JsonNode> key : section.getValue().properties()) {
        String name = section.getKey() + "." + key.getKey();
        texts.put(name, text(name, key.getValue()));
      }
    }
    return texts;
  }

  private static String text(String name, JsonNode value) {
    if (value.isValueNode()) {
      return value.asString();
    }
    if (value.isArray()) {
      List<String> items = new ArrayList<>();
      for (JsonNode item : value) {
        items.add(text(name, item));
      }
      return String.join(",", items);
    }
    throw new MalformedException(name + ": takes a value or a list, not a table");
  }
}
