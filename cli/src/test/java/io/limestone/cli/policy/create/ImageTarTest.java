package io.limestone.cli.policy.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.MalformedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageTarTest {
  @TempDir Path folder = Path.of("");

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8");

  private void file(String name, String content) throws IOException {
    byte[] body = content.getBytes(StandardCharsets.UTF_8);
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(body.length);
    tar.putArchiveEntry(entry);
    tar.write(body);
    tar.closeArchiveEntry();
  }

  private void link(String name, byte type, String target) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name, type);
    entry.setLinkName(target);
    tar.putArchiveEntry(entry);
    tar.closeArchiveEntry();
  }

  private ImageTar written(int length) throws IOException {
    tar.close();
    byte[] all = Arrays.copyOf(bytes.toByteArray(), length);
    return ImageTar.of(Files.write(folder.resolve("image.tar"), all));
  }

  private static String text(ImageTar image, String name) throws IOException {
    try (InputStream in = image.open(name).orElseThrow()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void partsAndLinksToThem() throws IOException {
    file("./a/layer.tar", "1");
    file("b.tar", "2");
    link("c/layer.tar", TarConstants.LF_SYMLINK, "../a/layer.tar");
    link("d/layer.tar", TarConstants.LF_LINK, "b.tar");
    ImageTar image = written(10_240);
    assertThat(text(image, "a/layer.tar")).isEqualTo("1");
    assertThat(text(image, "c/layer.tar")).isEqualTo("1");
    assertThat(text(image, "d/layer.tar")).isEqualTo("2");
    assertThat(image.open("e")).isEmpty();
  }

  @Test
  void aLinkLeadsNowhereOutOfTheArchive() throws IOException {
    link("layer.tar", TarConstants.LF_SYMLINK, "../../../../../../../etc/passwd");
    link("absolute", TarConstants.LF_SYMLINK, "/etc/passwd");
    ImageTar image = written(10_240);
    assertThat(image.open("layer.tar")).isEmpty();
    assertThat(image.open("absolute")).isEmpty();
  }

  @Test
  void linksInACircleAreRefused() throws IOException {
    link("a", TarConstants.LF_SYMLINK, "b");
    link("b", TarConstants.LF_LINK, "a");
    ImageTar image = written(10_240);
    assertThatThrownBy(() -> image.open("a"))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("circle");
  }

  @Test
  void aPartThatIsThereTwiceIsRefused() throws IOException {
    file("manifest.json", "1");
    file("./manifest.json", "2");
    assertThatThrownBy(() -> written(10_240))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("twice");
  }

  @Test
  void aPartThatIsCutShortIsRefused() throws IOException {
    file("a", "x".repeat(1000));
    assertThatThrownBy(() -> written(1024)).isInstanceOf(MalformedException.class);
  }
}
