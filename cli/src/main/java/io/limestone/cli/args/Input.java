package io.limestone.cli.args;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** What an argument names: a file, or standard input. Held in memory, so never without a bound. */
public final class Input {
  private static final String STANDARD_INPUT = "-";

  private Input() {}

  /**
   * Reads all of it.
   *
   * @param name of a file; {@code -} is standard input
   * @param most how many bytes there may be
   * @param what is expected, for the complaint about more: {@code runtime policy}
   */
  public static Bytes read(String name, int most, String what) throws IOException {
    if (name.equals(STANDARD_INPUT)) {
      return read(System.in, "standard input", most, what);
    }
    Path file;
    try {
      file = Path.of(name);
    } catch (InvalidPathException e) {
      throw CommandFailed.unusable(
          Encoding.printable(name, 200) + ": not a file name: " + e.getReason());
    }
    if (Files.isDirectory(file)) {
      throw CommandFailed.unusable(
          Encoding.printable(name, 200) + " is a directory, not a " + what);
    }
    if (Files.size(file) > most) { // said before anything is read; pipes and devices have no size
      throw tooLarge(name, most, what);
    }
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, name, most, what);
    }
  }

  static Bytes read(InputStream in, String name, int most, String what) throws IOException {
    byte[] bytes = in.readNBytes(most + 1);
    if (bytes.length > most) {
      throw tooLarge(name, most, what);
    }
    return Bytes.of(bytes);
  }

  private static CommandFailed tooLarge(String name, int most, String what) {
    return CommandFailed.unusable(
        Encoding.printable(name, 200)
            + " is larger than "
            + (most >= 1 << 20 ? (most >> 20) + " MiB" : (most >> 10) + " KiB")
            + ": no "
            + what
            + " that can be used is");
  }
}
