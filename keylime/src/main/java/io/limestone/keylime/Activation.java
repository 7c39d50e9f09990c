package io.limestone.keylime;

import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;

/** The body of {@code PUT /agents/{id}}: the proof that the TPM opened the challenge. */
public record Activation(String authTag) {

  public static Activation fromJson(JsonObject json) {
    String tag = json.string("auth_tag");
    if (tag.length() > 1024) {
      throw new MalformedException("auth_tag is too long");
    }
    return new Activation(tag);
  }

  public JsonObject toJson() {
    return Fields.object().put("auth_tag", authTag).json();
  }
}
