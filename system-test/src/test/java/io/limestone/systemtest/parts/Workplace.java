package io.limestone.systemtest.parts;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Folders below {@code target/work}, one for each test class. They are kept until the next run: the
 * logs of all programs lie there.
 */
public final class Workplace {
  private Workplace() {}

  /** An empty folder for a test class. */
  public static Path empty(Class<?> test) throws IOException {
    Path folder = Checkout.ROOT.resolve("system-test/target/work").resolve(test.getSimpleName());
    if (Files.exists(folder)) {
      unmountBelow(folder);
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
    return Files.createDirectories(folder);
  }

  /** A killed agent leaves its memory-backed folder mounted. */
  static void unmountBelow(Path folder) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/mounts"))) {
        List<String> fields = List.of(line.split(" ", -1));
        if (Path.of(fields.get(1)).startsWith(folder)) {
          new ProcessBuilder("umount", fields.get(1)).inheritIO().start().waitFor();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
