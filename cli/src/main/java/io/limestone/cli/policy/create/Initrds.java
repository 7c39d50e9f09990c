package io.limestone.cli.policy.create;

import io.limestone.cli.args.CommandFailed;
import io.limestone.content.Budget;
import io.limestone.content.FileTree;
import io.limestone.content.Initrd;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The initrds of a directory such as {@code /boot}: its files whose names begin with initr. */
final class Initrds {
  private static final String PREFIX = "initr";

  private Initrds() {}

  static void read(
      Path folder, HashAlg alg, Workers workers, Progress progress, FileTree.Visitor found)
      throws IOException, InterruptedException {
    List<Path> images = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PREFIX + "*")) {
      for (Path file : files) {
        if (Files.isRegularFile(file)) {
          images.add(file);
        }
      }
    }
    if (images.isEmpty()) {
      throw CommandFailed.unusable(
          "there is no initrd in " + folder + ": no file whose name begins with " + PREFIX);
    }
    Collections.sort(images);
    progress.begin("initrds in " + folder);
    workers.each(
        images.iterator(),
        image -> tree(image, alg),
        tree -> {
          progress.step();
          tree.forEachFile(found);
        });
    progress.done();
  }

  private static FileTree tree(Path image, HashAlg alg) throws IOException {
    try (InputStream in = Files.newInputStream(image)) {
      return Initrd.read(in, alg, Budget.ofFileSystem());
    } catch (MalformedException e) {
      throw e.in(image.toString());
    }
  }
}
