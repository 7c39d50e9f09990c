package io.limestone.content;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A container image: an OCI image layout (OCI image specification, image-layout.md), or what {@code
 * docker save} writes. Whatever a descriptor names is checked against the descriptor's digest.
 */
public final class ContainerImage {
  private static final int MAX_METADATA = 8 << 20;
  private static final int MAX_LAYERS = 512;

  /** The parts of an image by their names, such as {@code index.json} or {@code blobs/sha256/…}. */
  public interface Parts {
    /** The part from its start; nothing if there is none of that name. */
    Optional<InputStream> open(String name) throws IOException;
  }

  /**
   * A layer that is not read yet.
   *
   * @param part its name among the parts
   * @param digest what its bytes must hash to; absent in older {@code docker save} files
   */
  public record Layer(String part, Optional<Bytes> digest) {}

  private final Parts parts;

  private ContainerImage(Parts parts) {
    this.parts = parts;
  }

  /**
   * The layers, the lowest first.
   *
   * @param platform which of several images, as {@code os/architecture}; if empty, the only one
   * @throws MalformedException if it is no image, or has several and none was chosen
   */
  public static List<Layer> layers(Parts parts, Optional<String> platform) throws IOException {
    ContainerImage image = new ContainerImage(parts);
    List<Layer> layers = image.has("oci-layout") ? image.ofLayout(platform) : image.ofDockerSave();
    if (layers.size() > MAX_LAYERS) {
      throw new MalformedException("more than " + MAX_LAYERS + " layers");
    }
    return layers;
  }

  /** Reads one layer; layers may be read side by side, each with its own stream and budget. */
  public static List<Entry> read(Parts parts, Layer layer, HashAlg alg, Budget budget)
      throws IOException {
    MessageDigest sha256 = HashAlg.SHA256.newDigest();
    try (InputStream blob = open(parts, layer.part);
        DigestInputStream hashed = new DigestInputStream(blob, sha256)) {
      List<Entry> entries =
          TarFileSystem.read(budget.meter(Compression.decompressed(hashed)), alg, budget, true);
      hashed.transferTo(java.io.OutputStream.nullOutputStream()); // what follows the tar archive
      if (layer.digest.isPresent() && !layer.digest.get().equals(Bytes.of(sha256.digest()))) {
        throw new MalformedException("its digest is not the one that the manifest has");
      }
      return entries;
    } catch (MalformedException e) {
      throw e.in("layer " + Encoding.printable(layer.part, 200));
    }
  }

  private boolean has(String name) throws IOException {
    Optional<InputStream> part = parts.open(name);
    if (part.isPresent()) {
      part.get().close();
    }
    return part.isPresent();
  }

  private List<Layer> ofLayout(Optional<String> platform) throws IOException {
    JsonObject index = Json.object(small("index.json"));
    for (int depth = 0; depth < 4; depth++) {
      JsonObject chosen = choose(index, platform);
      JsonObject document = Json.object(blob(chosen));
      if (!document.has("manifests")) {
        List<Layer> layers = new ArrayList<>();
        for (Object layer : document.list("layers")) {
          Bytes digest = digest(object(layer));
          layers.add(new Layer("blobs/sha256/" + digest.hex(), Optional.of(digest)));
        }
        return layers;
      }
      index = document;
    }
    throw new MalformedException("image indexes nested too deeply");
  }

  private static JsonObject choose(JsonObject index, Optional<String> platform) {
    List<JsonObject> all = new ArrayList<>();
    for (Object item : index.list("manifests")) {
      JsonObject descriptor = object(item);
      if (!platformOf(descriptor).equals("unknown/unknown")) { // attestations of builders
        all.add(descriptor);
      }
    }
    List<JsonObject> fitting =
        all.size() == 1 || platform.isEmpty()
            ? all
            : all.stream().filter(one -> platformOf(one).equals(platform.get())).toList();
    if (fitting.size() != 1) {
      throw new MalformedException(
          "index: "
              + fitting.size()
              + " images fit; there are: "
              + Encoding.printable(
                  String.join(", ", all.stream().map(ContainerImage::platformOf).toList()), 500));
    }
    return fitting.getFirst();
  }

  private static String platformOf(JsonObject descriptor) {
    return descriptor
        .optionalObject("platform")
        .map(
            platform ->
                platform.optionalString("os").orElse("?")
                    + "/"
                    + platform.optionalString("architecture").orElse("?"))
        .orElse("any");
  }

  /** {@code manifest.json}: a list of images, each with the names of its layers. */
  private List<Layer> ofDockerSave() throws IOException {
    if (!has("manifest.json")) {
      throw new MalformedException(
          "neither an OCI image layout (oci-layout) nor a docker-save file (manifest.json)");
    }
    if (!(Json.value(small("manifest.json")) instanceof List<?> images) || images.size() != 1) {
      throw new MalformedException("manifest.json: not exactly one image");
    }
    return object(images.getFirst()).strings("Layers").stream()
        .map(name -> new Layer(name, digestInName(name)))
        .toList();
  }

  /** Newer Docker stores layers under the names of an OCI layout. */
  private static Optional<Bytes> digestInName(String name) {
    return name.matches("blobs/sha256/[0-9a-f]{64}")
        ? Optional.of(Bytes.ofHex(name.substring("blobs/sha256/".length())))
        : Optional.empty();
  }

  private byte[] blob(JsonObject descriptor) throws IOException {
    Bytes digest = digest(descriptor);
    byte[] blob = small("blobs/sha256/" + digest.hex());
    if (!HashAlg.SHA256.digest(Bytes.of(blob)).equals(digest)) {
      throw new MalformedException("blob " + digest.hex() + ": its content has another digest");
    }
    return blob;
  }

  private static Bytes digest(JsonObject descriptor) {
    String digest = descriptor.string("digest");
    if (!digest.matches("sha256:[0-9a-f]{64}")) {
      throw new MalformedException("a descriptor without a sha256 digest");
    }
    return Bytes.ofHex(digest.substring("sha256:".length()));
  }

  private byte[] small(String name) throws IOException {
    try (InputStream in = open(parts, name)) {
      byte[] bytes = in.readNBytes(MAX_METADATA + 1);
      if (bytes.length > MAX_METADATA) {
        throw new MalformedException(name + ": longer than " + MAX_METADATA + " bytes");
      }
      return bytes;
    }
  }

  private static InputStream open(Parts parts, String name) throws IOException {
    return parts
        .open(name)
        .orElseThrow(
            () -> new MalformedException(Encoding.printable(name, 200) + " is not in the image"));
  }

  private static JsonObject object(@org.jspecify.annotations.Nullable Object value) {
    if (value instanceof JsonObject object) {
      return object;
    }
    throw new MalformedException("image metadata: not an object where one is needed");
  }
}
