package io.limestone.evidence.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.boot.BootFacts.Fact;
import io.limestone.evidence.boot.BootFacts.KeyStore;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The table of real logs in docs/measured-boot.md says what is read from each, and lists all. */
class RealLogsTableTest {
  private static final Path TESTDATA = Path.of(System.getProperty("limestone.testdata"));
  private static final String HEAD = "| log | banks |";

  /** Logs whose licence keeps them out of this repository. */
  private static final Set<String> ELSEWHERE = Set.of("swtpm-nosb", "swtpm-secureboot");

  private static final Set<String> NO_LOGS = Set.of("bogus.bin", "empty.bin");

  @TestFactory
  Stream<DynamicTest> everyRowIsWhatIsRead() throws IOException {
    return rows().stream()
        .map(
            row ->
                DynamicTest.dynamicTest(
                    name(row), () -> assertThat(row).isEqualTo(row(name(row)))));
  }

  @Test
  void everyLogHasARow() throws IOException {
    Set<String> logs = new TreeSet<>(ELSEWHERE);
    try (Stream<Path> files = Files.list(TESTDATA.resolve("uefi"))) {
      files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(file -> file.endsWith(".bin") && !NO_LOGS.contains(file))
          .forEach(file -> logs.add(file.substring(0, file.length() - ".bin".length())));
    }
    assertThat(rows().stream().map(RealLogsTableTest::name).toList())
        .containsExactlyInAnyOrderElementsOf(logs);
  }

  private static List<String> rows() throws IOException {
    Path document = TESTDATA.resolveSibling("docs").resolve("measured-boot.md");
    List<String> lines = Files.readAllLines(document, StandardCharsets.UTF_8);
    int head =
        lines.indexOf(
            lines.stream().filter(line -> line.startsWith(HEAD)).findFirst().orElseThrow());
    return lines.subList(head + 2, lines.size()).stream()
        .takeWhile(line -> line.startsWith("|"))
        .toList();
  }

  private static String name(String row) {
    return row.split("\\|", -1)[1].strip();
  }

  /** What the table must say of a log. */
  private static String row(String name) {
    BootLog log = BootLog.parse(read(name));
    HashAlg bank = log.banks().stream().max(HashAlg::compareTo).orElseThrow();
    List<MeasuredEvent> events = log.measured(bank);
    BootFacts facts = BootFacts.of(events);
    List<String> cells = new ArrayList<>(List.of(name));
    cells.add(words(log.banks().stream().sorted().map(HashAlg::keylimeName)));
    cells.add(String.valueOf(log.events().size()));
    cells.add(facts.secureBoot().map(on -> on ? "on" : "off").orElse("–"));
    cells.add(words(Stream.of("PK", "KEK", "db", "dbx").map(key -> key + " " + size(facts, key))));
    cells.add(
        words(
            facts.programs().stream().map(Fact::text).flatMap(RealLogsTableTest::file).distinct()));
    cells.add(
        words(facts.commandLines().stream().map(Fact::text).flatMap(RealLogsTableTest::kernel)));
    cells.add(
        Arrays.stream(Binding.values())
            .map(
                binding ->
                    String.valueOf(events.stream().filter(e -> e.binding() == binding).count()))
            .collect(Collectors.joining(" / ")));
    cells.add(
        words(
            log.events().stream()
                .flatMap(event -> Quirk.of(event).stream())
                .distinct()
                .map(quirk -> "`" + quirk.id() + "`")
                .sorted()));
    return "| " + String.join(" | ", cells) + " |";
  }

  private static String words(Stream<String> words) {
    String all = words.collect(Collectors.joining(", "));
    return all.isEmpty() ? "–" : all;
  }

  private static int size(BootFacts facts, String key) {
    KeyStore store = facts.keys().get(key);
    return store == null ? 0 : store.entries().size();
  }

  /** The last name of a path, if it is of a file on a disk. */
  private static Stream<String> file(String path) {
    String last = path.substring(Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/')) + 1);
    return last.toLowerCase(Locale.ROOT).endsWith(".efi") ? Stream.of(last) : Stream.empty();
  }

  private static Stream<String> kernel(String commandLine) {
    String path = commandLine.strip().split(" ", 2)[0];
    return Stream.of(path.substring(path.lastIndexOf('/') + 1));
  }

  private static Bytes read(String name) {
    return TestData.anywhere("uefi/" + name + ".bin");
  }
}
