package io.limestone.keylime;

import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The recorded run of real Keylime peers, {@code testdata/wire/pull.json}. */
final class Recorded {
  static final NodeId NODE = NodeId.parse("d432fbb3-d2f1-4a97-9ef7-000000000001");
  static final JsonObject RUN = Json.object(file("wire/pull.json"));
  static final JsonObject ARTIFACTS = RUN.object("artifacts");
  static final List<Exchange> EXCHANGES =
      RUN.list("exchanges").stream().map(item -> new Exchange((JsonObject) item)).toList();

  private Recorded() {}

  record Exchange(JsonObject json) {
    String hop() {
      return json.string("hop");
    }

    String method() {
      return json.object("request").string("method");
    }

    String target() {
      return json.object("request").string("target");
    }

    Optional<JsonObject> sent() {
      return json.object("request").optionalObject("json");
    }

    Optional<JsonObject> answered() {
      return json.object("response").optionalObject("json");
    }

    JsonObject results() {
      return Envelope.parse(Json.bytes(answered().orElseThrow())).content();
    }

    @Override
    public String toString() {
      return json.integer("seq") + " " + hop() + " " + method() + " " + target();
    }
  }

  static Exchange first(Predicate<Exchange> matching) {
    return EXCHANGES.stream().filter(matching).findFirst().orElseThrow();
  }

  static Exchange first(String method, String targetPart) {
    return first(e -> e.method().equals(method) && e.target().contains(targetPart));
  }

  static byte[] file(String name) {
    try {
      return Files.readAllBytes(Path.of(System.getProperty("limestone.testdata"), name));
    } catch (IOException e) {
      throw new AssertionError("test data missing: " + name, e);
    }
  }
}
