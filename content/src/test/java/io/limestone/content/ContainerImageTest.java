package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.airlift.compress.zstd.ZstdOutputStream;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class ContainerImageTest {
  private static final byte[] LOWER =
      Archives.compressed(
          Archives.tar(Archives.ordered("usr/bin/a", "a1", "usr/bin/b", "b1", "etc/c", "c1")),
          GZIPOutputStream::new);
  private static final byte[] UPPER =
      Archives.compressed(
          Archives.tar(
              Archives.ordered("usr/bin/a", "a2", "usr/bin/.wh.b", "", "etc/.wh..wh..opq", "")),
          ZstdOutputStream::new);

  private final Map<String, byte[]> parts = new HashMap<>();

  private String blob(byte[] content) {
    String digest = HashAlg.SHA256.digest(Bytes.of(content)).hex();
    parts.put("blobs/sha256/" + digest, content);
    return "sha256:" + digest;
  }

  private String manifest(byte[]... layers) {
    List<Object> descriptors = new ArrayList<>();
    for (byte[] layer : layers) {
      descriptors.add(Map.of("digest", blob(layer), "size", layer.length));
    }
    return blob(Json.bytes(Map.of("schemaVersion", 2, "layers", descriptors)));
  }

  private void layout(Object... descriptors) {
    parts.put("oci-layout", Json.bytes(Map.of("imageLayoutVersion", "1.0.0")));
    parts.put("index.json", Json.bytes(Map.of("manifests", List.of(descriptors))));
  }

  private Map<String, Bytes> read(Optional<String> platform) throws IOException {
    ContainerImage.Parts open =
        name -> Optional.ofNullable(parts.get(name)).map(ByteArrayInputStream::new);
    FileTree tree = new FileTree();
    for (ContainerImage.Layer layer : ContainerImage.layers(open, platform)) {
      tree.apply(ContainerImage.read(open, layer, HashAlg.SHA256, Budget.ofFileSystem()));
    }
    return Archives.files(tree);
  }

  @Test
  void layersOfALayoutWithWhiteouts() throws IOException {
    layout(Map.of("digest", manifest(LOWER, UPPER)));
    assertThat(read(Optional.empty())).isEqualTo(Archives.digests("/usr/bin/a", "a2"));
  }

  @Test
  void oneOfSeveralPlatformsThroughAnInnerIndex() throws IOException {
    Object amd =
        Map.of(
            "digest", manifest(LOWER), "platform", Map.of("os", "linux", "architecture", "amd64"));
    Object arm =
        Map.of(
            "digest", manifest(UPPER), "platform", Map.of("os", "linux", "architecture", "arm64"));
    String inner = blob(Json.bytes(Map.of("manifests", List.of(amd, arm))));
    layout(Map.of("digest", inner));
    assertThat(read(Optional.of("linux/amd64"))).hasSize(3);
    assertThatThrownBy(() -> read(Optional.empty()))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("linux/arm64");
  }

  @Test
  void whatDockerSaves() throws IOException {
    parts.put("x/layer.tar", Archives.tar(Archives.ordered("app", "1")));
    parts.put(
        "manifest.json",
        Json.bytes(List.of(Map.of("Config", "c", "Layers", List.of("x/layer.tar")))));
    assertThat(read(Optional.empty())).isEqualTo(Archives.digests("/app", "1"));
  }

  @Test
  void aLayerThatIsNotTheOneOfTheManifestIsRefused() {
    layout(Map.of("digest", manifest(LOWER)));
    String name = "blobs/sha256/" + HashAlg.SHA256.digest(Bytes.of(LOWER)).hex();
    parts.put(name, UPPER);
    assertThatThrownBy(() -> read(Optional.empty()))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("digest");
  }

  @Test
  void aManifestThatIsNotTheOneOfTheIndexIsRefused() {
    String digest = manifest(LOWER);
    layout(Map.of("digest", digest));
    parts.put("blobs/sha256/" + digest.substring(7), Json.bytes(Map.of("layers", List.of())));
    assertThatThrownBy(() -> read(Optional.empty())).isInstanceOf(MalformedException.class);
  }

  @Test
  void whatIsNoImageIsRefused() {
    assertThatThrownBy(() -> read(Optional.empty()))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("neither");
    parts.put("manifest.json", Archives.bytes("[{\"Layers\":[\"../../etc/shadow\"]}]"));
    assertThatThrownBy(() -> read(Optional.empty())).isInstanceOf(MalformedException.class);
  }
}
