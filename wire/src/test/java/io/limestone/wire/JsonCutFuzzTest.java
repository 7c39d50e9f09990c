package io.limestone.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Whatever the bytes are, and however they are cut: what is accepted is what {@link Json} reads of
 * the whole.
 */
class JsonCutFuzzTest {
  @FuzzTest(maxDuration = "1m")
  void whatIsTakenApartIsWhatWasWritten(byte[] body) {
    int size = body.length == 0 ? 1 : 1 + (body[body.length / 2] & 15);
    JsonCut.Parts parts;
    try {
      parts = JsonCut.of(JsonCutTest.pieces(body, size), 1 << 20, "results", "list");
    } catch (MalformedException e) {
      return; // may be stricter than Json
    }
    JsonObject whole = Json.object(body);
    if (parts.text().isEmpty()) {
      assertThat(parts.rest()).isEqualTo(whole);
      return;
    }
    Map<String, Object> results = new LinkedHashMap<>(parts.rest().object("results").members());
    assertThat(results.get("list")).isEqualTo("");
    results.put("list", new String(parts.text().get().toArray(), StandardCharsets.UTF_8));
    Map<String, Object> together = new LinkedHashMap<>(parts.rest().members());
    together.put("results", new JsonObject(results));
    assertThat(new JsonObject(together)).isEqualTo(whole);
  }
}
