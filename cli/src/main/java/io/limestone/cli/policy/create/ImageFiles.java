package io.limestone.cli.policy.create;

import io.limestone.content.Budget;
import io.limestone.content.ContainerImage;
import io.limestone.content.ContainerImage.Choice;
import io.limestone.content.ContainerImage.Layer;
import io.limestone.content.FileTree;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A container image on disk: the folder of an OCI layout, or a tar file of one or of Docker. */
final class ImageFiles {
  private ImageFiles() {}

  static void read(
      Path image,
      Choice choice,
      HashAlg alg,
      Workers workers,
      Progress progress,
      FileTree.Visitor found)
      throws IOException, InterruptedException {
    FileTree tree = new FileTree();
    Budget budget = Budget.ofFileSystem();
    progress.begin("layers of " + image);
    try {
      ContainerImage.Parts parts =
          Files.isDirectory(image) ? name -> inFolder(image, name) : ImageTar.of(image);
      List<Layer> layers = ContainerImage.layers(parts, choice);
      workers.each(
          layers.iterator(),
          layer -> ContainerImage.read(parts, layer, alg, budget),
          layer -> {
            progress.step();
            tree.apply(layer);
          });
    } catch (MalformedException e) {
      throw e.in(image.toString());
    }
    progress.done();
    tree.forEachFile(found);
  }

  private static Optional<InputStream> inFolder(Path folder, String name) throws IOException {
    Path part = folder.resolve(name).normalize();
    if (!part.startsWith(folder.normalize())) {
      throw new MalformedException("a part outside of the image");
    }
    return Files.isRegularFile(part, LinkOption.NOFOLLOW_LINKS)
        ? Optional.of(Files.newInputStream(part))
        : Optional.empty();
  }
}
