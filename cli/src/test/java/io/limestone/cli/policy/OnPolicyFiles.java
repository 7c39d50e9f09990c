package io.limestone.cli.policy;

import io.limestone.cli.CommandRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/** Tests of {@code limestone policy} on files in a folder. */
abstract class OnPolicyFiles {
  @TempDir Path folder;

  static CommandRun policy(String... words) {
    List<String> all = new ArrayList<>(List.of("policy"));
    all.addAll(Arrays.asList(words));
    return CommandRun.of(all);
  }

  String file(String name) {
    return folder.resolve(name).toString();
  }

  void write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text, StandardCharsets.UTF_8);
  }
}
