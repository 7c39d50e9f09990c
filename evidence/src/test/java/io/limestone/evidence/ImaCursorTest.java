package io.limestone.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.LongBytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImaCursorTest {
  private static final JsonObject TEMPLATES =
      Json.object(TestData.read("ima/template_bytes.json").toArray());
  private static final String GOOD =
      "10 0acfaaf5b063ebb89d95e8ce4f226e49b561802e ima-ng sha256:"
          + "aa".repeat(32)
          + " /usr/bin/a";

  @TestFactory
  Stream<DynamicTest> templateDataOfEveryTemplateIsWhatTheKernelHashes() {
    return TEMPLATES.object("valid").members().entrySet().stream()
        .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> same(entry.getValue())));
  }

  private static void same(Object vector) {
    JsonObject expected = (JsonObject) vector;
    ImaCursor cursor = cursor(expected.string("line"));
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.kind()).as(cursor.problem()).isEqualTo(ImaCursor.Kind.ENTRY);
    assertThat(cursor.templateData().toBytes().hex())
        .isEqualTo(expected.string("template_bytes_hex"));
    assertThat(cursor.hashMatches()).isTrue();
    assertThat(cursor.next()).isFalse();
  }

  @TestFactory
  Stream<DynamicTest> linesThatAreNoEntriesAreMalformed() {
    return TEMPLATES.object("invalid").members().entrySet().stream()
        .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> malformed(entry.getValue())));
  }

  private static void malformed(Object line) {
    ImaCursor cursor = cursor((String) line);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.kind()).isEqualTo(ImaCursor.Kind.MALFORMED);
    assertThat(cursor.problem()).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "SHA1, 82231c67a69da98dc5b3aa10f6343d33109225fc",
    "SHA256, c4a065637fc6a7c55f2811dd06cb45dd037133be2b3dc5c3e6fbe6bf061db724"
  })
  void aRealListReplaysToTheKnownPcr10(HashAlg bank, String expected) {
    ImaCursor cursor =
        new ImaCursor(TestData.read("ima/rust-agent-826.log").toArray(), HashAlg.SHA1);
    PcrReplay pcr10 = PcrReplay.ofZeros(bank);
    while (cursor.next()) {
      assertThat(cursor.kind()).isEqualTo(ImaCursor.Kind.ENTRY);
      assertThat(cursor.hashMatches()).isTrue();
      assertThat(cursor.pcr()).isEqualTo(10);
      cursor.extend(pcr10);
    }
    assertThat(cursor.entries()).isEqualTo(826);
    assertThat(pcr10.value().hex()).isEqualTo(expected);
  }

  @Test
  void aLiteralAllOnesTemplateHashIsAWrongHashAndNoViolation() {
    ImaCursor cursor = cursor(GOOD.replaceFirst(" [0-9a-f]{40} ", " " + "f".repeat(40) + " "));
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.kind()).isEqualTo(ImaCursor.Kind.ENTRY);
    assertThat(cursor.hashMatches()).isFalse();
  }

  @Test
  void aViolationIsAnAllZeroTemplateHashOfTheRightSizeAndExtendsOnes() {
    ImaCursor cursor = cursor(GOOD.replaceFirst(" [0-9a-f]{40} ", " " + "0".repeat(40) + " "));
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.kind()).isEqualTo(ImaCursor.Kind.VIOLATION);
    PcrReplay replay = PcrReplay.ofZeros(HashAlg.SHA256);
    cursor.extend(replay);
    byte[] ones = new byte[32];
    Arrays.fill(ones, (byte) 0xff);
    assertThat(replay.value())
        .isEqualTo(HashAlg.SHA256.digest(HashAlg.SHA256.zeros(), Bytes.of(ones)));

    ImaCursor longer = cursor(GOOD.replaceFirst(" [0-9a-f]{40} ", " " + "0".repeat(64) + " "));
    assertThat(longer.next()).isTrue();
    assertThat(longer.kind()).isEqualTo(ImaCursor.Kind.ENTRY);
    assertThat(longer.hashMatches()).isFalse();
  }

  @Test
  void emptyLinesDoNotCountAndTheLastLineFeedMayBeMissing() {
    ImaCursor cursor = cursor("\n\n" + GOOD + "\n\n" + GOOD);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.hashMatches()).isTrue();
    assertThat(cursor.next()).isFalse();
    assertThat(cursor.entries()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'10  0acfaaf5b063ebb89d95e8ce4f226e49b561802e ima-ng sha256:aa /a' | is not hex",
        "'10 0acfaaf5b063ebb89d95e8ce4f226e49b561802e ima-ng sha256:aa /a' | not one of sha256",
        "'10 0acfaaf5b063ebb89d95e8ce4f226e49b561802e ima-ng foo256:aa /a' | unknown algorithm",
        "'10 0acfaaf5b063ebb89d95e8ce4f226e49b561802e ima-ng md5:00112233445566778899aabbccddeeff' | fewer fields",
        "'10 0acfaaf5b063ebb89d95e8ce4f226e49b561802e ima-ngv2 sha256:aa /a' | unknown algorithm",
        "'10 0acfaaf5b063ebb89d95e8ce4f226e49b561802e ima-ngv2 img:md5:aa /a' | unknown algorithm",
        "'10 0acfaaf5b063ebb89d95e8ce4f226e49b561802e ima-xyz a:aa /a' | unknown template",
        "'10 0acfaaf5b063ebb89d95e8ce4f226e49b56180 ima aabb /a' | neither SHA-1 nor MD5",
        "'10' | fewer than four columns"
      })
  void eachKindOfMalformedLineSaysWhy(String line, String why) {
    ImaCursor cursor = cursor(line);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.kind()).isEqualTo(ImaCursor.Kind.MALFORMED);
    assertThat(cursor.problem()).contains(why);
  }

  @Test
  void anOverlongLineIsRefusedAndTheNextOneRead() {
    ImaCursor cursor = cursor(GOOD + "x".repeat(ImaCursor.MAX_ENTRY) + "\n" + GOOD + "\n");
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.kind()).isEqualTo(ImaCursor.Kind.MALFORMED);
    assertThat(cursor.problem()).contains("longer");
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.hashMatches()).isTrue();
  }

  @Test
  void aLegacyNameOf256BytesIsRefusedAndOneOf255IsRead() {
    String line = "10 " + "11".repeat(20) + " ima " + "aa".repeat(20) + " ";
    ImaCursor cursor = cursor(line + "n".repeat(255) + "\n" + line + "n".repeat(256));
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.kind()).isEqualTo(ImaCursor.Kind.ENTRY);
    assertThat(cursor.templateData().length()).isEqualTo(20 + 256);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.kind()).isEqualTo(ImaCursor.Kind.MALFORMED);
  }

  @Test
  void aPcrColumnThatIsNoNumberIsNoPcr() {
    Map<String, Integer> columns = Map.of("ten", -1, "11", 11, "010", 10, "9999999999", -1);
    columns.forEach(
        (text, pcr) -> {
          ImaCursor cursor = cursor(text + GOOD.substring(2));
          assertThat(cursor.next()).isTrue();
          assertThat(cursor.pcr()).as(text).isEqualTo(pcr);
        });
  }

  @Test
  void carriageReturnsBelongToTheNameAndBreakTheHash() {
    ImaCursor cursor = cursor(GOOD + "\r\n");
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.hashMatches()).isFalse();
    assertThat(cursor.name().printable(100)).isEqualTo("/usr/bin/a\\u000d");
  }

  @Test
  void namesAreBytesOfNoParticularEncoding() {
    byte[] line = (GOOD + "?").getBytes(StandardCharsets.US_ASCII);
    line[line.length - 1] = (byte) 0xff;
    ImaCursor cursor = new ImaCursor(line, HashAlg.SHA1);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.kind()).isEqualTo(ImaCursor.Kind.ENTRY);
    assertThat(cursor.name().isUtf8()).isFalse();
    assertThat(cursor.name().length()).isEqualTo("/usr/bin/a?".length());
  }

  private static ImaCursor cursor(String text) {
    return new ImaCursor(text.getBytes(StandardCharsets.UTF_8), HashAlg.SHA1);
  }

  /** A list as it comes from a network: where it is cut makes no difference. */
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100, 158, 1000, 4096})
  void aListInPiecesIsReadAsOneInOne(int size) {
    byte[] real = TestData.read("ima/rust-agent-826.log").toArray();
    byte[] brokenName = joined("/tmp/a\nb\nc");
    byte[] tooLong = ("10 " + "ab".repeat(ImaCursor.MAX_ENTRY) + "\n").getBytes(UTF_8);
    for (byte[] list :
        List.of(
            Arrays.copyOf(real, 60_000),
            concat(real, brokenName, "\n\n\nno entry\n".getBytes(UTF_8), brokenName),
            concat("no\nentries\n".getBytes(UTF_8), tooLong, GOOD.getBytes(UTF_8)))) {
      if (list.length / size > 100_000) {
        continue; // the long line need not come in single bytes
      }
      ImaCursor whole = new ImaCursor(list, HashAlg.SHA1);
      ImaCursor pieces = new ImaCursor(pieces(list, size), HashAlg.SHA1);
      while (whole.next()) {
        assertThat(pieces.next()).isTrue();
        assertThat(pieces.kind()).isEqualTo(whole.kind());
        assertThat(pieces.line(300)).isEqualTo(whole.line(300));
        assertThat(pieces.hashMatches()).isEqualTo(whole.hashMatches());
        assertThat(pieces.templateData().toBytes()).isEqualTo(whole.templateData().toBytes());
        assertThat(pieces.name().toBytes()).isEqualTo(whole.name().toBytes());
        assertThat(pieces.digest().toBytes()).isEqualTo(whole.digest().toBytes());
        assertThat(pieces.entries()).isEqualTo(whole.entries());
        assertThat(pieces.consumed()).isEqualTo(whole.consumed());
        assertThat(pieces.problem()).isEqualTo(whole.problem());
      }
      assertThat(pieces.next()).isFalse();
    }
  }

  /** An entry whose name has line feeds, as its lines. */
  private static byte[] joined(String name) {
    byte[] digest = HashAlg.SHA256.digest(Bytes.of(name.getBytes(UTF_8))).toArray();
    ByteWriter data = ByteWriter.littleEndian();
    data.u32(8 + digest.length)
        .bytes(Bytes.of("sha256:\0".getBytes(UTF_8)))
        .bytes(Bytes.of(digest));
    data.u32(name.length() + 1).bytes(Bytes.of((name + "\0").getBytes(UTF_8)));
    String hash = HashAlg.SHA1.digest(data.toBytes()).hex();
    return ("10 " + hash + " ima-ng sha256:" + Bytes.of(digest).hex() + " " + name + "\n")
        .getBytes(UTF_8);
  }

  private static byte[] concat(byte[]... parts) {
    return Bytes.concat(Stream.of(parts).map(Bytes::of).toArray(Bytes[]::new)).toArray();
  }

  static LongBytes pieces(byte[] list, int size) {
    List<LongBytes.Piece> pieces = new ArrayList<>();
    for (int from = 0; from < list.length; from += size) {
      pieces.add(new LongBytes.Piece(list, from, Math.min(list.length, from + size)));
    }
    return new LongBytes(pieces);
  }
}
