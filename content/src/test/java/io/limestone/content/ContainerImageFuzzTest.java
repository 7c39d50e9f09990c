package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.content.ContainerImage.Choice;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Optional;

/** Whatever each part of an image is: layers, or "malformed"; never else. */
class ContainerImageFuzzTest {
  @FuzzTest(maxDuration = "1m")
  void anyPartsAreLayersOrMalformed(byte[] document) throws IOException {
    try {
      ContainerImage.layers(
              name -> Optional.of(new ByteArrayInputStream(document)), Choice.THE_ONLY_ONE)
          .forEach(layer -> assertThat(layer.diffId().size()).isEqualTo(32));
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
    try {
      ContainerImage.layers(
              name ->
                  name.equals("oci-layout")
                      ? Optional.empty()
                      : Optional.of(new ByteArrayInputStream(list(name, document))),
              Choice.THE_ONLY_ONE)
          .forEach(layer -> assertThat(layer.diffId().size()).isEqualTo(32));
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  /** The same document as the only image of a docker-save file and as its configuration. */
  private static byte[] list(String name, byte[] document) {
    return name.equals("manifest.json")
        ? Archives.concat(Archives.bytes("["), document, Archives.bytes("]"))
        : document;
  }
}
