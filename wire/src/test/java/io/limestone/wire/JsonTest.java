package io.limestone.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @Test
  void readsAndWritesEveryKind() {
    String text = "{\"a\":[1,-2,\"x\",true,false,null,{\"b\":12345678901234567890}],\"c\":1.5}";
    assertThat(Json.text(Json.object(text))).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "{\"a\":1,\"a\":2}",
        "{} {}",
        "{}x",
        "[1,]",
        "{\"a\":NaN}",
        "{'a':1}",
        "// c\n{}",
        "{\"a\":01}",
        "\"\u0001\"",
        "nul"
      })
  void refusesWhatIsNotStrictJson(String text) {
    assertThatThrownBy(() -> Json.value(text.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(MalformedException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{\"a\":NaN}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
      })
  void saysWhatIsWrongAndNothingOfTheParserWithin(String text) {
    assertThatThrownBy(() -> Json.value(text.getBytes(StandardCharsets.UTF_8)))
        .message()
        .startsWith("JSON: ")
        .doesNotContain("Source", "Stream", "Feature", "`");
  }

  @Test
  void refusesDeepNestingWithoutExhaustingTheStack() {
    assertThatThrownBy(() -> Json.value("[".repeat(100_000).getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void refusesExponentsThatNoNumberHolds() {
    for (String number : new String[] {"3e99999999999", "1E-99999999999", "1e2147483649"}) {
      assertThatThrownBy(() -> Json.object("{\"a\":" + number + "}"))
          .as(number)
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void refusesInvalidUtf8() {
    assertThatThrownBy(() -> Json.value(new byte[] {'"', (byte) 0xc3, (byte) 0x28, '"'}))
        .isInstanceOf(MalformedException.class);
  }

  /** It would be one document here, and another one where the same bytes are stored as UTF-8. */
  @Test
  void refusesOtherEncodings() {
    for (String encoding :
        List.of("UTF-16BE", "UTF-16LE", "UTF-16", "UTF-32BE", "UTF-32LE", "UTF-32")) {
      byte[] text = "{\"a\":1}".getBytes(Charset.forName(encoding));
      assertThatThrownBy(() -> Json.value(text))
          .as(encoding)
          .isInstanceOf(MalformedException.class);
      assertThatThrownBy(() -> Json.parser(text).nextToken())
          .as(encoding)
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void namesTheMemberThatIsMissingOrOfAnotherKind() {
    JsonObject object = new JsonObject(Map.of("n", 1L, "list", List.of("a", 2L)));
    assertThatThrownBy(() -> object.string("s")).hasMessage("s is missing");
    assertThatThrownBy(() -> object.string("n")).hasMessage("n is not a string");
    assertThatThrownBy(() -> object.strings("list")).hasMessage("list is not a list of strings");
  }
}
