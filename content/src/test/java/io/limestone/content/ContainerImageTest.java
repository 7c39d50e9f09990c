package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.airlift.compress.zstd.ZstdOutputStream;
import io.limestone.content.ContainerImage.Choice;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class ContainerImageTest {
  private static final String TAG = "org.opencontainers.image.ref.name";
  private static final byte[] LOWER_TAR =
      Archives.tar(Archives.ordered("usr/bin/a", "a1", "usr/bin/b", "b1", "etc/c", "c1"));
  private static final byte[] UPPER_TAR =
      Archives.tar(
          Archives.ordered("usr/bin/a", "a2", "usr/bin/.wh.b", "", "etc/.wh..wh..opq", ""));
  private static final byte[] LOWER = Archives.compressed(LOWER_TAR, GZIPOutputStream::new);
  private static final byte[] UPPER = Archives.compressed(UPPER_TAR, ZstdOutputStream::new);
  private static final Map<byte[], byte[]> PLAIN = Map.of(LOWER, LOWER_TAR, UPPER, UPPER_TAR);

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
    Map<String, ?> config = Map.of("digest", blob(config(layers)));
    return blob(Json.bytes(Map.of("schemaVersion", 2, "config", config, "layers", descriptors)));
  }

  private static byte[] config(byte[]... layers) {
    List<String> diffIds =
        Stream.of(layers)
            .map(layer -> Bytes.of(PLAIN.getOrDefault(layer, layer)))
            .map(tar -> "sha256:" + HashAlg.SHA256.digest(tar).hex())
            .toList();
    return Json.bytes(
        Map.of("os", "linux", "architecture", "amd64", "rootfs", Map.of("diff_ids", diffIds)));
  }

  private void layout(Object... descriptors) {
    parts.put("oci-layout", Json.bytes(Map.of("imageLayoutVersion", "1.0.0")));
    parts.put("index.json", Json.bytes(Map.of("manifests", List.of(descriptors))));
  }

  private static Choice platform(String platform) {
    return new Choice(Optional.empty(), Optional.of(platform));
  }

  private Map<String, Bytes> read(Choice choice) throws IOException {
    ContainerImage.Parts open =
        name -> Optional.ofNullable(parts.get(name)).map(ByteArrayInputStream::new);
    FileTree tree = new FileTree();
    for (ContainerImage.Layer layer : ContainerImage.layers(open, choice)) {
      tree.apply(ContainerImage.read(open, layer, HashAlg.SHA256, Budget.ofFileSystem()));
    }
    return Archives.files(tree);
  }

  @Test
  void layersOfALayoutWithWhiteouts() throws IOException {
    layout(Map.of("digest", manifest(LOWER, UPPER)));
    assertThat(read(Choice.THE_ONLY_ONE)).isEqualTo(Archives.digests("/usr/bin/a", "a2"));
  }

  @Test
  void oneOfSeveralPlatformsThroughAnInnerIndex() throws IOException {
    Object amd =
        Map.of(
            "digest", manifest(LOWER), "platform", Map.of("os", "linux", "architecture", "amd64"));
    Object arm =
        Map.of(
            "digest", manifest(UPPER), "platform", Map.of("os", "linux", "architecture", "arm64"));
    Object attestation =
        Map.of(
            "digest", manifest(), "platform", Map.of("os", "unknown", "architecture", "unknown"));
    String inner = blob(Json.bytes(Map.of("manifests", List.of(amd, arm, attestation))));
    layout(Map.of("digest", inner));
    assertThat(read(platform("linux/amd64"))).hasSize(3);
    assertThatThrownBy(() -> read(Choice.THE_ONLY_ONE))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("linux/arm64");
    assertThatThrownBy(() -> read(platform("linux/arm64")))
        .isInstanceOf(MalformedException.class)
        .hasMessage("the image is for linux/amd64"); // so says its configuration
  }

  @Test
  void anImageForAnotherPlatformIsRefusedEvenIfItIsTheOnlyOne() {
    layout(Map.of("digest", manifest(LOWER)));
    assertThatThrownBy(() -> read(platform("linux/riscv64")))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("linux/amd64");
  }

  @Test
  void oneOfSeveralByItsNameAndTheSameOneByTwoNames() throws IOException {
    Object lower = Map.of("digest", manifest(LOWER), "annotations", Map.of(TAG, "lower"));
    Object again = Map.of("digest", manifest(LOWER), "annotations", Map.of(TAG, "again"));
    Object upper = Map.of("digest", manifest(UPPER), "annotations", Map.of(TAG, "upper"));
    layout(lower, again, upper);
    assertThat(read(new Choice(Optional.of("again"), Optional.empty()))).hasSize(3);
    assertThatThrownBy(() -> read(Choice.THE_ONLY_ONE))
        .isInstanceOf(MalformedException.class)
        .hasMessage("2 images fit, choose by name or platform; there are: lower, again, upper");
    layout(lower, again);
    assertThat(read(Choice.THE_ONLY_ONE)).hasSize(3);
  }

  @Test
  void aLayerThatIsNotCompressed() throws IOException {
    layout(Map.of("digest", manifest(LOWER_TAR, UPPER_TAR)));
    assertThat(read(Choice.THE_ONLY_ONE)).isEqualTo(Archives.digests("/usr/bin/a", "a2"));
  }

  @Test
  void aLayerThatIsNotTheOneOfTheConfigurationIsRefused() {
    parts.put("layer.tar", UPPER_TAR);
    parts.put("config.json", config(LOWER_TAR));
    parts.put(
        "manifest.json",
        Json.bytes(List.of(Map.of("Config", "config.json", "Layers", List.of("layer.tar")))));
    assertThatThrownBy(() -> read(Choice.THE_ONLY_ONE))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("configuration");
  }

  @Test
  void whatDockerSaves() throws IOException {
    byte[] layer = Archives.tar(Archives.ordered("app", "1"));
    parts.put("x/layer.tar", layer);
    parts.put("c", config(layer));
    parts.put(
        "manifest.json",
        Json.bytes(List.of(Map.of("Config", "c", "Layers", List.of("x/layer.tar")))));
    assertThat(read(Choice.THE_ONLY_ONE)).isEqualTo(Archives.digests("/app", "1"));
  }

  @Test
  void aLayerThatIsNotTheOneOfTheManifestIsRefused() {
    layout(Map.of("digest", manifest(LOWER)));
    String name = "blobs/sha256/" + HashAlg.SHA256.digest(Bytes.of(LOWER)).hex();
    parts.put(name, UPPER);
    assertThatThrownBy(() -> read(Choice.THE_ONLY_ONE))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("digest");
  }

  @Test
  void anImageWithALayerCutAtAnyByteIsRefused() {
    for (byte[] layer : List.of(LOWER_TAR, LOWER, UPPER)) {
      parts.clear();
      layout(Map.of("digest", manifest(layer)));
      String name = "blobs/sha256/" + HashAlg.SHA256.digest(Bytes.of(layer)).hex();
      for (int length = 0; length < layer.length; length++) {
        parts.put(name, Arrays.copyOf(layer, length));
        assertThatThrownBy(() -> read(Choice.THE_ONLY_ONE)).isInstanceOf(MalformedException.class);
      }
    }
  }

  @Test
  void aManifestThatIsNotTheOneOfTheIndexIsRefused() {
    String digest = manifest(LOWER);
    layout(Map.of("digest", digest));
    parts.put("blobs/sha256/" + digest.substring(7), Json.bytes(Map.of("layers", List.of())));
    assertThatThrownBy(() -> read(Choice.THE_ONLY_ONE)).isInstanceOf(MalformedException.class);
  }

  @Test
  void whatIsNoImageIsRefused() {
    assertThatThrownBy(() -> read(Choice.THE_ONLY_ONE))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("neither");
    parts.put("manifest.json", Archives.bytes("[{\"Config\":\"../../etc/shadow\",\"Layers\":[]}]"));
    assertThatThrownBy(() -> read(Choice.THE_ONLY_ONE)).isInstanceOf(MalformedException.class);
  }
}
