package io.limestone.keylime;

import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.Optional;

/**
 * A key half on its way to the agent, encrypted to its transport key (pull-protocol.md sections 3.6
 * and 3.7).
 */
public sealed interface KeyDelivery {
  /** RSA-OAEP-SHA1 of the half under the agent's transport key. */
  Bytes encryptedKey();

  JsonObject toJson();

  /**
   * {@code POST keys/ukey}.
   *
   * @param authTag HMAC-SHA384(K, agent id), 48 bytes
   * @param payload the sealed envelope of {@link Payload}
   */
  record U(Bytes encryptedKey, Bytes authTag, Optional<Bytes> payload) implements KeyDelivery {
    public U {
      if (authTag.size() != HmacSha384.SIZE) {
        throw new MalformedException("auth_tag is not " + HmacSha384.SIZE + " bytes long");
      }
    }

    /** Lenient: {@code auth_tag} may be hex of either case. */
    public static U fromJson(JsonObject json) {
      return new U(
          KeyDelivery.encryptedKey(json),
          Fields.read(json, "auth_tag", Bytes::ofHex).orElseThrow(() -> Fields.missing("auth_tag")),
          Fields.base64(json, "payload"));
    }

    @Override
    public JsonObject toJson() {
      return Fields.object()
          .put("encrypted_key", encryptedKey.base64())
          .put("auth_tag", authTag.hex())
          .putPresent("payload", payload.map(Bytes::base64))
          .json();
    }
  }

  /** {@code POST keys/vkey}. */
  record V(Bytes encryptedKey) implements KeyDelivery {
    public static V fromJson(JsonObject json) {
      return new V(KeyDelivery.encryptedKey(json));
    }

    @Override
    public JsonObject toJson() {
      return Fields.object().put("encrypted_key", encryptedKey.base64()).json();
    }
  }

  private static Bytes encryptedKey(JsonObject json) {
    return Fields.base64(json, "encrypted_key").orElseThrow(() -> Fields.missing("encrypted_key"));
  }
}
