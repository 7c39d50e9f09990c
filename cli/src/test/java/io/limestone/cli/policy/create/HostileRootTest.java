package io.limestone.cli.policy.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.limestone.cli.CommandRun;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Root file systems that somebody else made: whatever lies in them, the scan ends and is right. */
class HostileRootTest {
  @TempDir Path root;

  private CommandRun create() {
    return CommandRun.of(
        "policy", "create", "runtime", "--rootfs", root.toString(), "--all-owners");
  }

  private JsonObject digests() {
    return create().exits(0).json().object("digests");
  }

  @Test
  void linksThatLeadOutOrInCirclesAreNotFollowed() throws IOException {
    Files.createSymbolicLink(root.resolve("out"), Path.of("/etc"));
    Files.createSymbolicLink(root.resolve("passwd"), Path.of("/etc/passwd"));
    Files.createSymbolicLink(root.resolve("circle"), Path.of("circle"));
    Files.createDirectory(root.resolve("a"));
    Files.createSymbolicLink(root.resolve("a/up"), Path.of("../a"));
    Files.writeString(root.resolve("a/file"), "x");
    assertThat(digests().names()).containsExactly("/a/file");
  }

  /** Opening a FIFO would wait for ever. */
  @Test
  void fifosAndDevicesAreNeverOpened() throws Exception {
    int exit =
        new ProcessBuilder("mkfifo", root.resolve("pipe").toString()).inheritIO().start().waitFor();
    assumeTrue(exit == 0, "needs mkfifo");
    Files.writeString(root.resolve("file"), "x");
    assertThat(digests().names()).containsExactly("/file");
  }

  @Test
  void namesAreTextAndNothingElse() throws IOException {
    Files.writeString(root.resolve("new\nline"), "x");
    Files.writeString(root.resolve("quote\"and\\"), "x");
    Files.writeString(root.resolve("\u001b[2Jclear"), "x");
    assertThat(digests().names()).containsExactly("/\u001b[2Jclear", "/new\nline", "/quote\"and\\");
  }

  @Test
  void aSparseFileIsHashedInBoundedMemory() throws Exception {
    long size = 300L << 20;
    try (RandomAccessFile file = new RandomAccessFile(root.resolve("sparse").toFile(), "rw")) {
      file.setLength(size);
    }
    MessageDigest zeros = MessageDigest.getInstance("SHA-256");
    byte[] chunk = new byte[1 << 20];
    for (long at = 0; at < size; at += chunk.length) {
      zeros.update(chunk);
    }
    assertThat(digests().strings("/sparse"))
        .containsExactly(HexFormat.of().formatHex(zeros.digest()));
  }

  /** A recursive scan would run out of stack. */
  @Test
  void directoriesMayBeNestedDeeply() throws IOException {
    Deque<Path> made = new ArrayDeque<>(List.of(root));
    for (int depth = 0; depth < 1000; depth++) {
      made.push(Files.createDirectory(made.element().resolve("d")));
    }
    made.push(Files.writeString(made.element().resolve("f"), "x"));
    assertThat(digests().names()).containsExactly("/d".repeat(1000) + "/f");
    while (made.size() > 1) {
      Files.delete(made.pop()); // JUnit's own way takes minutes
    }
  }

  /** More files in a directory than one task takes, and an order that is always the same. */
  @Test
  void theOrderIsThatOfTheNames() throws IOException {
    for (int i = 999; i >= 0; i--) {
      Files.writeString(root.resolve("f%03d".formatted(i)), "x");
    }
    Files.createDirectories(root.resolve("b/c"));
    Files.writeString(root.resolve("b/z"), "x");
    Files.writeString(root.resolve("b/c/y"), "x");
    assertThat(digests().names())
        .hasSize(1002)
        .startsWith("/f000", "/f001")
        .endsWith("/f999", "/b/z", "/b/c/y");
  }
}
