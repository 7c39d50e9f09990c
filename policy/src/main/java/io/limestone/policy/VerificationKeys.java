package io.limestone.policy;

import io.limestone.wire.JsonObject;
import java.util.Map;

/** Keys of IMA signatures by key id. */
public final class VerificationKeys {
  public static final VerificationKeys NONE = new VerificationKeys();

  private VerificationKeys() {}

  public boolean isEmpty() {
    return true;
  }

  public JsonObject toJson() {
    return new JsonObject(Map.of());
  }

  public static VerificationKeys fromJson(JsonObject json) {
    return NONE;
  }
}
