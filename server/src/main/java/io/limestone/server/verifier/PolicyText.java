package io.limestone.server.verifier;

import io.limestone.policy.SignedPolicy;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Policies as texts: their names, and a signed one without its envelope. */
final class PolicyText {
  private PolicyText() {}

  /**
   * The JSON text of an upload: of a DSSE envelope its payload, of anything else itself. Only for
   * uploads that were found good before.
   *
   * @throws MalformedException if it is not UTF-8: what is stored must be what was found good
   */
  static String of(Bytes upload) {
    Bytes json = SignedPolicy.isEnvelope(upload) ? SignedPolicy.parse(upload).payload() : upload;
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json.toArray())).toString();
    } catch (CharacterCodingException e) {
      throw new MalformedException("Runtime policy is not valid UTF-8", e);
    }
  }

  /** A name that can stand in a path and in a log line: 1 to 255 printable ASCII, no slash. */
  static String name(String text) {
    if (text.isEmpty()
        || text.length() > 255
        || !text.chars().allMatch(c -> c > 0x20 && c < 0x7f && c != '/')) {
      throw new MalformedException(
          "a policy's name has 1 to 255 printable ASCII characters, without / and blanks");
    }
    return text;
  }
}
