package io.limestone.cli.policy.create;

import io.limestone.content.Budget;
import io.limestone.content.Compression;
import io.limestone.content.ContainerImage;
import io.limestone.content.ContainerImage.Layer;
import io.limestone.content.FileTree;
import io.limestone.content.TarReader;
import io.limestone.content.TarReader.Member;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.MalformedException;
import java.io.FilterInputStream;
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
      Optional<String> platform,
      HashAlg alg,
      Workers workers,
      Progress progress,
      FileTree.Visitor found)
      throws IOException, InterruptedException {
    ContainerImage.Parts parts =
        Files.isDirectory(image) ? name -> inFolder(image, name) : name -> inTar(image, name);
    FileTree tree = new FileTree();
    progress.begin("layers of " + image);
    try {
      List<Layer> layers = ContainerImage.layers(parts, platform);
      workers.each(
          layers.iterator(),
          layer -> ContainerImage.read(parts, layer, alg, Budget.ofFileSystem()),
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

  /** Passing over the members in front costs little: they are not read but skipped. */
  private static Optional<InputStream> inTar(Path file, String name) throws IOException {
    InputStream stored = Files.newInputStream(file);
    try {
      TarReader tar = new TarReader(Compression.decompressed(stored), Budget.ofFileSystem());
      for (Optional<Member> member = tar.next(); member.isPresent(); member = tar.next()) {
        String path = member.get().name();
        if (path.equals(name) || path.equals("./" + name)) {
          InputStream body = tar.body();
          return Optional.of(
              new FilterInputStream(body) {
                @Override
                public void close() throws IOException {
                  stored.close();
                }
              });
        }
      }
      stored.close();
      return Optional.empty();
    } catch (IOException | RuntimeException e) {
      stored.close();
      throw e;
    }
  }
}
