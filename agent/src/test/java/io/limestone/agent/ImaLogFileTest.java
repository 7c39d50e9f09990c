package io.limestone.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.agent.ImaLogFile.Slice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImaLogFileTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void emptyLog() throws IOException {
    file = Files.createFile(folder.resolve("ima.log"));
  }

  private static String lines(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> "10 entry " + i + " " + "x".repeat(i % 200) + "\n")
        .collect(Collectors.joining());
  }

  private void append(String text) throws IOException {
    Files.writeString(file, text, StandardOpenOption.APPEND);
  }

  private static String text(ImaLogFile log, Slice slice) throws IOException {
    return new String(log.read(slice).readAllBytes(), UTF_8);
  }

  @Test
  void everyEntryIsFoundAlsoFarFromTheStart() throws IOException {
    append(lines(0, 3000));
    try (ImaLogFile log = ImaLogFile.open(file)) {
      for (int entry : new int[] {0, 1, 255, 256, 257, 511, 512, 2999, 3000}) {
        Slice slice = log.from(entry);
        assertThat(slice.first()).isEqualTo(entry);
        assertThat(text(log, slice)).isEqualTo(lines(entry, 3000));
      }
    }
  }

  @Test
  void whatIsNewIsFoundFromTheFormerEnd() throws IOException {
    append(lines(0, 10));
    try (ImaLogFile log = ImaLogFile.open(file)) {
      assertThat(text(log, log.from(0))).isEqualTo(lines(0, 10));
      append(lines(10, 400));
      assertThat(text(log, log.from(10))).isEqualTo(lines(10, 400));
      assertThat(text(log, log.from(400))).isEmpty();
    }
  }

  @Test
  void beyondTheEndTheLogStartsAnew() throws IOException {
    append(lines(0, 3));
    try (ImaLogFile log = ImaLogFile.open(file)) {
      assertThat(log.from(4)).isEqualTo(log.from(0));
    }
  }

  @Test
  void aLineWithoutItsEndIsNoEntryYet() throws IOException {
    append("10 whole\n10 ha");
    try (ImaLogFile log = ImaLogFile.open(file)) {
      assertThat(text(log, log.from(0))).isEqualTo("10 whole\n");
      append("lf\n");
      assertThat(text(log, log.from(1))).isEqualTo("10 half\n");
    }
  }
}
