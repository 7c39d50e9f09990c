package io.limestone.content;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * An initrd or initramfs as the kernel unpacks it (kernel documentation, "initramfs buffer
 * format"): cpio archives one after another, plain or compressed, with zeros between them;
 * microcode and modules often come in plain archives in front of the main one. A later file
 * replaces an earlier one of the same name.
 */
public final class Initrd {
  private Initrd() {}

  /**
   * Its file system.
   *
   * @throws MalformedException if a part of it is no cpio archive in a known compression
   */
  public static FileTree read(InputStream in, HashAlg alg, Budget budget) throws IOException {
    FileTree tree = new FileTree();
    PeekStream image = new PeekStream(in);
    image.skipZeros();
    if (image.peek(1).length == 0) {
      throw new MalformedException("an initrd without any archive");
    }
    while (image.peek(1).length > 0) {
      Optional<Compression> compression = Compression.of(image.peek(Compression.MAGIC));
      if (compression.isPresent()) {
        archives(new PeekStream(budget.meter(compression.get().open(image))), tree, alg, budget);
      } else {
        tree.apply(CpioReader.read(budget.meter(image), alg, budget));
      }
      image.skipZeros();
    }
    return tree;
  }

  /** All archives in what was compressed as one. */
  private static void archives(PeekStream in, FileTree tree, HashAlg alg, Budget budget)
      throws IOException {
    in.skipZeros();
    while (in.peek(1).length > 0) {
      tree.apply(CpioReader.read(in, alg, budget));
      in.skipZeros();
    }
  }
}
