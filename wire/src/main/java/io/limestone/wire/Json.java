package io.limestone.wire;

import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * Strict JSON (RFC 8259) as plain Java values: {@link JsonObject}, {@code List}, {@code String},
 * {@code Long}, {@code BigInteger}, {@code BigDecimal}, {@code Boolean}, {@code null}. Refused:
 * duplicate names, nesting deeper than 64, numbers longer than 100 digits, names longer than 8,192
 * characters, anything behind the value, NaN, comments, invalid UTF-8. How long the text as a whole
 * may be is for the caller to bound, before it is read into memory.
 */
public final class Json {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(64)
                  .maxNumberLength(100)
                  .maxNameLength(8192)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  /** What Jackson tells its programmers: of use to nobody who reads our messages. */
  private static final Pattern ADVICE =
      Pattern.compile(" \\(start marker at \\[Source.*|: enable `.*|, from `[^`]*`");

  private Json() {}

  /**
   * The JSON object that {@code text} (UTF-8) is.
   *
   * @throws MalformedException if it is anything else
   */
  public static JsonObject object(byte[] text) {
    if (value(text) instanceof JsonObject object) {
      return object;
    }
    throw new MalformedException("not a JSON object");
  }

  public static JsonObject object(String text) {
    return object(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The one JSON value that {@code text} (UTF-8) is. */
  public static @Nullable Object value(byte[] text) {
    try (JsonParser parser = parser(text)) {
      parser.nextToken();
      Object value = read(parser);
      if (parser.nextToken() != null) {
        throw new MalformedException("JSON: something follows the value" + where(parser));
      }
      return value;
    } catch (JacksonException e) {
      throw malformed(e);
    }
  }

  /**
   * A streaming parser with the same limits, for documents too large to hold as values, such as
   * policies.
   *
   * @throws MalformedException if the text is UTF-16 or UTF-32, which Jackson would take
   */
  public static JsonParser parser(byte[] text) {
    for (int i = 0; i < Math.min(4, text.length); i++) {
      if (text[i] == 0 || text[i] == (byte) 0xfe || text[i] == (byte) 0xff) {
        throw new MalformedException("JSON: not UTF-8");
      }
    }
    return FACTORY.createParser(ObjectReadContext.empty(), text);
  }

  /** The value at the parser's current token; the parser then stands on its last one. */
  public static @Nullable Object value(JsonParser at) {
    return read(at);
  }

  /** What Jackson complained of, without its quotation of the input. */
  public static MalformedException malformed(JacksonException e) {
    String place =
        e.getLocation() == null
            ? ""
            : " (line "
                + e.getLocation().getLineNr()
                + ", column "
                + e.getLocation().getColumnNr()
                + ")";
    return new MalformedException(
        "JSON: "
            + Encoding.printable(ADVICE.matcher(e.getOriginalMessage()).replaceAll(""), 200)
            + place,
        e);
  }

  /** One line of JSON, UTF-8, no blanks. Values as listed above; maps keep their order. */
  public static byte[] bytes(@Nullable Object value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator generator = FACTORY.createGenerator(ObjectWriteContext.empty(), out)) {
      write(generator, value);
    }
    return out.toByteArray();
  }

  public static String text(@Nullable Object value) {
    return new String(bytes(value), StandardCharsets.UTF_8);
  }

  private static @Nullable Object read(JsonParser parser) {
    JsonToken token = parser.currentToken();
    if (token == null) {
      throw new MalformedException("JSON: empty text");
    }
    return switch (token) {
      case START_OBJECT -> readObject(parser);
      case START_ARRAY -> readArray(parser);
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT -> readInteger(parser);
      case VALUE_NUMBER_FLOAT -> decimal(parser);
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      case END_OBJECT, END_ARRAY, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE ->
          throw new MalformedException("JSON: unexpected " + token + where(parser));
    };
  }

  private static Object readInteger(JsonParser parser) {
    BigInteger value = parser.getBigIntegerValue();
    return value.bitLength() < 64 ? (Object) value.longValue() : value;
  }

  /**
   * The number at the parser's current token.
   *
   * @throws MalformedException if its exponent is beyond what Java holds, for which few digits do
   */
  public static BigDecimal decimal(JsonParser at) {
    try {
      return at.getDecimalValue();
    } catch (NumberFormatException e) {
      throw new MalformedException("JSON: a number beyond all limits" + where(at), e);
    }
  }

  private static JsonObject readObject(JsonParser parser) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      members.put(name, read(parser));
    }
    return new JsonObject(members);
  }

  private static List<@Nullable Object> readArray(JsonParser parser) {
    List<@Nullable Object> items = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      items.add(read(parser));
    }
    return Collections.unmodifiableList(items);
  }

  private static String where(JsonParser parser) {
    return " (line "
        + parser.currentLocation().getLineNr()
        + ", column "
        + parser.currentLocation().getColumnNr()
        + ")";
  }

  private static void write(JsonGenerator generator, @Nullable Object value) {
    switch (value) {
      case null -> generator.writeNull();
      case JsonObject object -> write(generator, object.members());
      case Map<?, ?> map -> {
        generator.writeStartObject();
        map.forEach(
            (name, item) -> {
              generator.writeName(String.valueOf(name));
              write(generator, item);
            });
        generator.writeEndObject();
      }
      case Iterable<?> items -> {
        generator.writeStartArray();
        items.forEach(item -> write(generator, item));
        generator.writeEndArray();
      }
      case String text -> generator.writeString(text);
      case Boolean bool -> generator.writeBoolean(bool);
      case Integer number -> generator.writeNumber(number);
      case Long number -> generator.writeNumber(number);
      case BigInteger number -> generator.writeNumber(number);
      case BigDecimal number -> generator.writeNumber(number);
      case Double number -> generator.writeNumber(number);
      default -> throw new IllegalArgumentException("no JSON form for " + value.getClass());
    }
  }
}
