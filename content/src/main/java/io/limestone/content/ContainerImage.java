package io.limestone.content;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A container image: an OCI image layout (OCI image specification, image-layout.md), or what {@code
 * docker save} writes. Whatever a descriptor names is checked against the descriptor's digest, and
 * each layer, decompressed, against the image's configuration.
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
   * @param diffId what its bytes must hash to when they are decompressed
   */
  public record Layer(String part, Optional<Bytes> digest, Bytes diffId) {}

  /**
   * Which of several images.
   *
   * @param name its tag; if empty, there must be only one
   * @param platform {@code os/architecture} or {@code os/architecture/variant}; if empty, there
   *     must be only one
   */
  public record Choice(Optional<String> name, Optional<String> platform) {
    public static final Choice THE_ONLY_ONE = new Choice(Optional.empty(), Optional.empty());
  }

  private final Parts parts;
  private final Choice choice;

  private ContainerImage(Parts parts, Choice choice) {
    this.parts = parts;
    this.choice = choice;
  }

  /**
   * The layers, the lowest first.
   *
   * @throws MalformedException if it is no image, or not exactly one is the one to choose
   */
  public static List<Layer> layers(Parts parts, Choice choice) throws IOException {
    ContainerImage image = new ContainerImage(parts, choice);
    List<Layer> layers = image.has("oci-layout") ? image.ofLayout() : image.ofDockerSave();
    if (layers.size() > MAX_LAYERS) {
      throw new MalformedException("more than " + MAX_LAYERS + " layers");
    }
    return layers;
  }

  /** Reads one layer; layers may be read side by side, and share a budget. */
  public static List<Entry> read(Parts parts, Layer layer, HashAlg alg, Budget budget)
      throws IOException {
    MessageDigest stored = HashAlg.SHA256.newDigest();
    MessageDigest plain = HashAlg.SHA256.newDigest();
    try (InputStream part = open(parts, layer.part)) {
      InputStream blob = Streams.hashed(part, stored);
      InputStream tar = Streams.hashed(budget.meter(Compression.decompressed(blob)), plain);
      List<Entry> entries = TarFileSystem.read(tar, alg, budget, true);
      blob.transferTo(OutputStream.nullOutputStream()); // what follows the compressed data
      if (layer.digest.isPresent() && !layer.digest.get().equals(Bytes.of(stored.digest()))) {
        throw new MalformedException("its digest is not the one that the manifest has");
      }
      if (!layer.diffId.equals(Bytes.of(plain.digest()))) {
        throw new MalformedException("its content is not that of the image's configuration");
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

  private List<Layer> ofLayout() throws IOException {
    List<JsonObject> images = objects(Json.object(small("index.json")), "manifests");
    List<JsonObject> named =
        images.stream()
            .filter(one -> choice.name().stream().allMatch(names(one)::contains))
            .toList();
    if (named.isEmpty()) {
      throw notOne(named, images);
    }
    for (int depth = 0; depth < 4; depth++) {
      JsonObject document = Json.object(blob(ofPlatform(named)));
      if (!document.has("manifests")) {
        List<Bytes> blobs =
            objects(document, "layers").stream().map(ContainerImage::digest).toList();
        return layers(
            blobs.stream().map(ContainerImage::blobName).toList(),
            blobs.stream().map(Optional::of).toList(),
            blob(document.object("config")));
      }
      named = objects(document, "manifests");
    }
    throw new MalformedException("image indexes nested too deeply");
  }

  /** Of descriptors the one for the platform; several may be the same image by several names. */
  private JsonObject ofPlatform(List<JsonObject> descriptors) {
    Map<Bytes, JsonObject> fitting = new LinkedHashMap<>();
    for (JsonObject one : descriptors) {
      Optional<Platform> platform = one.optionalObject("platform").map(Platform::of);
      if (platform.stream().allMatch(its -> its.isImage() && fits(its))) {
        fitting.putIfAbsent(digest(one), one);
      }
    }
    if (fitting.size() != 1) {
      throw notOne(List.copyOf(fitting.values()), descriptors);
    }
    return fitting.values().iterator().next();
  }

  private boolean fits(Platform platform) {
    return choice.platform().stream().allMatch(platform::is);
  }

  private record Platform(String os, String architecture, String variant) {
    static Platform of(JsonObject platform) {
      return new Platform(
          platform.optionalString("os").orElse(""),
          platform.optionalString("architecture").orElse(""),
          platform.optionalString("variant").orElse(""));
    }

    /** What builders attest of an image stands beside it, for a platform that is none. */
    boolean isImage() {
      return !os.equals("unknown");
    }

    /** Configurations often leave out the variant. */
    boolean is(String words) {
      String plain = os + "/" + architecture;
      return words.equals(plain)
          || words.equals(plain + "/" + variant)
          || (variant.isEmpty() && words.startsWith(plain + "/"));
    }

    @Override
    public String toString() {
      return os + "/" + architecture + (variant.isEmpty() ? "" : "/" + variant);
    }
  }

  /** The names of an image in an index: its tag, and what containerd calls it. */
  private static List<String> names(JsonObject descriptor) {
    Optional<JsonObject> notes = descriptor.optionalObject("annotations");
    return Stream.of("org.opencontainers.image.ref.name", "io.containerd.image.name")
        .flatMap(key -> notes.flatMap(all -> all.optionalString(key)).stream())
        .toList();
  }

  private static MalformedException notOne(List<JsonObject> fitting, List<JsonObject> all) {
    List<String> told = new ArrayList<>();
    for (JsonObject one : all) {
      List<String> words = new ArrayList<>(names(one));
      one.optionalObject("platform").ifPresent(its -> words.add(Platform.of(its).toString()));
      told.add(words.isEmpty() ? "one without a name" : String.join(" ", words));
    }
    return notOne(fitting.size(), told);
  }

  private static MalformedException notOne(int fitting, List<String> all) {
    return new MalformedException(
        (fitting == 0 ? "no image fits" : fitting + " images fit, choose by name or platform")
            + "; there are: "
            + Encoding.printable(String.join(", ", all), 500));
  }

  /** {@code manifest.json}: a list of images, each with the names of its layers and its own. */
  private List<Layer> ofDockerSave() throws IOException {
    if (!has("manifest.json")) {
      throw new MalformedException(
          "neither an OCI image layout (oci-layout) nor a docker-save file (manifest.json)");
    }
    if (!(Json.value(small("manifest.json")) instanceof List<?> list)) {
      throw new MalformedException("manifest.json: not the list of images of a docker-save file");
    }
    List<JsonObject> images = list.stream().map(ContainerImage::object).toList();
    List<JsonObject> fitting =
        images.stream()
            .filter(one -> choice.name().stream().allMatch(tags(one)::contains))
            .toList();
    if (fitting.size() != 1) {
      throw notOne(fitting.size(), images.stream().flatMap(one -> tags(one).stream()).toList());
    }
    JsonObject image = fitting.getFirst();
    List<String> names = image.strings("Layers");
    return layers(
        names,
        names.stream().map(ContainerImage::digestInName).toList(),
        small(image.string("Config")));
  }

  /** An image that was saved by its id has null for tags. */
  private static List<String> tags(JsonObject image) {
    return image.members().get("RepoTags") == null ? List.of() : image.strings("RepoTags");
  }

  /** The layers with what the image's configuration says of them (config.md, "rootfs"). */
  private List<Layer> layers(List<String> names, List<Optional<Bytes>> digests, byte[] config) {
    JsonObject configuration = Json.object(config);
    Platform platform = Platform.of(configuration);
    if (!fits(platform)) {
      throw new MalformedException(
          "the image is for " + Encoding.printable(platform.toString(), 100));
    }
    List<Bytes> diffIds =
        configuration.object("rootfs").strings("diff_ids").stream()
            .map(ContainerImage::sha256)
            .toList();
    if (diffIds.size() != names.size()) {
      throw new MalformedException(
          names.size() + " layers, but " + diffIds.size() + " in the image's configuration");
    }
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      layers.add(new Layer(names.get(i), digests.get(i), diffIds.get(i)));
    }
    return layers;
  }

  /** Newer Docker stores layers under the names of an OCI layout. */
  private static Optional<Bytes> digestInName(String name) {
    return name.matches("blobs/sha256/[0-9a-f]{64}")
        ? Optional.of(Bytes.ofHex(name.substring("blobs/sha256/".length())))
        : Optional.empty();
  }

  private byte[] blob(JsonObject descriptor) throws IOException {
    Bytes digest = digest(descriptor);
    byte[] blob = small(blobName(digest));
    if (!HashAlg.SHA256.digest(Bytes.of(blob)).equals(digest)) {
      throw new MalformedException("blob " + digest.hex() + ": its content has another digest");
    }
    return blob;
  }

  private static Bytes digest(JsonObject descriptor) {
    return sha256(descriptor.string("digest"));
  }

  private static Bytes sha256(String digest) {
    if (!digest.matches("sha256:[0-9a-f]{64}")) {
      throw new MalformedException("not a sha256 digest: " + Encoding.printable(digest, 100));
    }
    return Bytes.ofHex(digest.substring("sha256:".length()));
  }

  private static String blobName(Bytes digest) {
    return "blobs/sha256/" + digest.hex();
  }

  private static List<JsonObject> objects(JsonObject document, String key) {
    return document.list(key).stream().map(ContainerImage::object).toList();
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

  private static JsonObject object(@Nullable Object value) {
    if (value instanceof JsonObject object) {
      return object;
    }
    throw new MalformedException("image metadata: not an object where one is needed");
  }
}
