package io.limestone.systemtest.parts;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A payload whose script leaves a mark when it ran. */
public final class PayloadZip {
  /** The file that the script writes. */
  public static final String MARK = "ran";

  private PayloadZip() {}

  /** Writes it. */
  public static Path write(Path file) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("autorun.sh"));
      zip.write(
          "#!/bin/sh\ncat secret.txt > %s\n".formatted(MARK).getBytes(StandardCharsets.UTF_8));
      zip.putNextEntry(new ZipEntry("secret.txt"));
      zip.write("the machine's secret".getBytes(StandardCharsets.UTF_8));
    }
    return file;
  }
}
