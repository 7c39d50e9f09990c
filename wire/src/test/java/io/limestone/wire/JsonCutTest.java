package io.limestone.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.LongBytes.Piece;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonCutTest {
  /** A body that came in pieces of this size. */
  static LongBytes pieces(byte[] body, int size) {
    List<Piece> pieces = new ArrayList<>();
    for (int from = 0; from < body.length; from += size) {
      byte[] piece = java.util.Arrays.copyOfRange(body, from, Math.min(body.length, from + size));
      pieces.add(new Piece(piece, 0, piece.length));
    }
    return new LongBytes(pieces);
  }

  private static JsonCut.Parts cut(String body, int size) {
    return JsonCut.of(pieces(body.getBytes(StandardCharsets.UTF_8), size), 1000, "results", "list");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "plain",
        "10 ab ima-ng sha256:00 /usr/bin/a\\n10 cd ima-ng sha256:11 /usr/bin/b\\n",
        "\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u0041\\u00e9\\u20AC\\ud83d\\ude00",
        "ä€😀 as they are, and \\u00e4",
        "a\\\\",
        "\\\\\\\"",
        "]}{[,:\\\"list\\\":"
      })
  void theTextIsWhatJsonReadsHoweverTheBodyWasCut(String text) {
    String body =
        "{\"code\": 200, \"status\":\"Success\", \"results\" : {\"quote\":\"r\\\"a\", \"list\" : \""
            + text
            + "\", \"entry\":7, \"more\":[{\"list\":\"not this\"}]}}";
    Map<String, Object> whole = Json.object(body).object("results").members();
    for (int size : new int[] {1, 2, 3, 7, 8, 9, 64, 10_000}) {
      JsonCut.Parts parts = cut(body, size);
      assertThat(new String(parts.text().orElseThrow().toArray(), StandardCharsets.UTF_8))
          .as("pieces of %s", size)
          .isEqualTo(whole.get("list"));
      Map<String, Object> rest = new java.util.HashMap<>(whole);
      rest.put("list", "");
      assertThat(parts.rest().object("results").members()).isEqualTo(rest);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"list\":\"outside\"}",
        "{\"results\":{\"list\":null}}",
        "{\"results\":{\"list\":[\"x\"]}}",
        "{\"results\":[\"list\",{\"list\":\"x\"}]}",
        "{\"results\":{\"deeper\":{\"list\":\"x\"}}}",
        "{\"other\":{\"list\":\"x\"},\"results\":{}}",
        "{\"results\":{\"a\":\"list\",\"list2\":\"x\",\"l\\u0069st\":\"x\"}}",
        "{\"results\":1,\"list\":\"x\"}"
      })
  void onlyTheTextInItsPlaceIsCutOut(String body) {
    for (int size : new int[] {1, 5, 1000}) {
      JsonCut.Parts parts = cut(body, size);
      assertThat(parts.text()).isEmpty();
      assertThat(parts.rest()).isEqualTo(Json.object(body));
    }
  }

  /** What Json refuses is refused, also within the text that is cut out. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{\"results\":{\"list\":\"no end",
        "{\"results\":{\"list\":\"no end\\",
        "{\"results\":{\"list\":\"no end\\u12",
        "{\"results\":{\"list\":\"x\"}",
        "{\"results\":{\"list\":\"x\"}}}",
        "{\"results\":{\"list\":\"x\"}} {}",
        "{\"results\":{\"list\":\"\\x\"}}",
        "{\"results\":{\"list\":\"\\u00zz\"}}",
        "{\"results\":{\"list\":\"a line\nfeed\"}}",
        "{\"results\":{\"list\":\"\u0001\"}}",
        "{\"results\":{\"list\":\"\\ud83d\"}}",
        "{\"results\":{\"list\":\"\\ude00\\ud83d\"}}",
        "{\"results\":{\"list\":\"x\",\"list\":\"y\"}}",
        "{\"results\":{\"list\":\"x\",\"l\\u0069st\":\"y\"}}",
        "{\"results\":{\"list\":\"x\"},\"results\":{\"list\":\"y\"}}",
        "{\"results\":{\"list\":\"x\" \"y\"}}",
        "{\"results\":]{\"list\":\"x\"}}"
      })
  void whatIsNotStrictJsonIsRefused(String body) {
    for (int size : new int[] {1, 5, 1000}) {
      assertThatThrownBy(() -> cut(body, size)).isInstanceOf(MalformedException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"c328", "c080", "eda080", "f4908080", "f08080af", "80", "ff", "e282"})
  void invalidUtf8InTheTextIsRefused(String hex) {
    byte[] body = "{\"results\":{\"list\":\"****\"}}".getBytes(StandardCharsets.UTF_8);
    byte[] bad = Encoding.unhex(hex);
    System.arraycopy(bad, 0, body, 20, bad.length);
    assertThatThrownBy(() -> JsonCut.of(pieces(body, 4), 1000, "results", "list"))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void whatIsBesidesTheTextIsBounded() {
    String rest = "{\"a\":\"" + "x".repeat(2000) + "\",\"results\":{\"list\":\"x\"}}";
    assertThatThrownBy(() -> cut(rest, 100)).hasMessageContaining("besides");
    String text = "{\"results\":{\"list\":\"" + "x".repeat(2000) + "\"}}";
    assertThat(cut(text, 100).text().orElseThrow().size()).isEqualTo(2000);
  }

  @Test
  void deepNestingIsRefused() {
    assertThatThrownBy(() -> cut("[".repeat(500), 100)).isInstanceOf(MalformedException.class);
  }
}
