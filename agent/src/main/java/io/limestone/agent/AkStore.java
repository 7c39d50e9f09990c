package io.limestone.agent;

import io.limestone.tss.AkTemplate;
import io.limestone.tss.EndorsementKey;
import io.limestone.tss.KeyBlob;
import io.limestone.tss.TpmException;
import io.limestone.tss.TpmObject;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The attestation key across restarts, in the file and form of Keylime's agent ({@code
 * agent_data.json}: byte arrays). A registrar ties the node's id to this key, so a new one is made
 * only where the file has none for these algorithms, or the TPM says that it is not its own.
 */
final class AkStore {
  private static final int MAX_FILE = 1 << 20;

  private final Path file;

  AkStore(Path file) {
    this.file = file;
  }

  /** Loads the key of the file under {@code ek}, or makes one and keeps it. */
  TpmObject load(EndorsementKey ek, AkTemplate template) throws IOException {
    Optional<KeyBlob> kept = read(template);
    if (kept.isPresent()) {
      try {
        return ek.loadAk(kept.get());
      } catch (TpmException e) {
        if (!e.isForeignKey()) {
          throw e;
        }
        Log.warning("attestation key is of another TPM, making a new one", "file", file);
      }
    }
    KeyBlob made = ek.createAk(template);
    TpmObject ak = ek.loadAk(made);
    try {
      write(made, template, ek.publicArea());
    } catch (IOException e) {
      ak.close();
      throw e;
    }
    return ak;
  }

  private Optional<KeyBlob> read(AkTemplate template) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    if (Files.size(file) > MAX_FILE) {
      throw new IOException(file + " is larger than 1 MiB");
    }
    try {
      JsonObject json = Json.object(Files.readAllBytes(file));
      if (!json.string("ak_hash_alg").equals(template.hash().keylimeName())
          || !json.string("ak_sign_alg").equals(template.scheme().keylimeName())) {
        Log.info("attestation key is of other algorithms, making a new one", "file", file);
        return Optional.empty();
      }
      return Optional.of(
          new KeyBlob(sized(array(json, "ak_public")), sized(array(json, "ak_private"))));
    } catch (MalformedException e) {
      throw new IOException(
          file + " is damaged (" + e.getMessage() + "); a new key would be a new identity", e);
    }
  }

  private void write(KeyBlob ak, AkTemplate template, Bytes ekPublic) throws IOException {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("ak_hash_alg", template.hash().keylimeName());
    json.put("ak_sign_alg", template.scheme().keylimeName());
    json.put("ak_public", numbers(ak.publicArea()));
    json.put("ak_private", numbers(ak.privateArea()));
    json.put("ek_hash", numbers(template.hash().digest(ekPublic)));
    KeyFiles.write(file, Json.text(json), KeyFiles.OWNER_ONLY);
  }

  private static List<Integer> numbers(Bytes bytes) {
    byte[] array = bytes.toArray();
    return IntStream.range(0, array.length).mapToObj(i -> array[i] & 0xff).toList();
  }

  private static Bytes array(JsonObject json, String name) {
    List<?> items = json.list(name);
    byte[] bytes = new byte[items.size()];
    for (int i = 0; i < bytes.length; i++) {
      if (!(items.get(i) instanceof Long number) || number < 0 || number > 255) {
        throw new MalformedException(name + " is not a list of bytes");
      }
      bytes[i] = number.byteValue();
    }
    return Bytes.of(bytes);
  }

  /** With the size in front that TPM2B structures have; some programs store them without. */
  private static Bytes sized(Bytes structure) {
    boolean hasSize =
        structure.size() >= 2 && structure.bigEndian().u16("size") == structure.size() - 2;
    return hasSize ? structure : ByteWriter.bigEndian().sized16(structure).toBytes();
  }
}
