package io.limestone.server.verifier;

import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Policies as texts: their names, and a signed one without its envelope. */
final class PolicyText {
  private PolicyText() {}

  /**
   * The JSON text of an upload: of a DSSE envelope its payload, of anything else itself. Only for
   * uploads that were found good before.
   */
  static String of(Bytes upload) {
    byte[] bytes = upload.toArray();
    try (JsonParser parser = Json.parser(bytes)) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
          String name = parser.currentName();
          if (parser.nextToken() == JsonToken.VALUE_STRING && name.equals("payload")) {
            return new String(payload(parser.getString()), StandardCharsets.UTF_8);
          }
          parser.skipChildren();
        }
      }
    } catch (JacksonException e) {
      throw Json.malformed(e);
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** DSSE allows both alphabets of base64. */
  private static byte[] payload(String base64) {
    try {
      return base64.indexOf('-') >= 0 || base64.indexOf('_') >= 0
          ? Base64.getUrlDecoder().decode(base64)
          : Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new MalformedException("payload is not base64", e);
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
