package io.limestone.tpm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What holds for every structure: one value has one encoding, every shorter and every longer text
 * is refused as malformed, and no bytes at all make a parser fail in another way.
 */
class GrammarPropertiesTest {
  private static final int ROUNDS = 300;
  private static final int MUTATIONS = 4_000;

  /** A kind of structure: random valid values, and how they are written and read. */
  record Grammar<T>(
      String name,
      Function<Random, T> random,
      Function<T, Bytes> encode,
      Function<Bytes, T> parse) {
    Bytes sample(Random source) {
      return encode.apply(random.apply(source));
    }

    void roundTrip(Random source) {
      T value = random.apply(source);
      Bytes encoded = encode.apply(value);
      assertThat(parse.apply(encoded)).isEqualTo(value);
    }

    /** What reads is written as the same bytes; what does not is malformed and nothing else. */
    void readsOrRefuses(Bytes bytes) {
      Throwable thrown =
          catchThrowable(() -> assertThat(encode.apply(parse.apply(bytes))).isEqualTo(bytes));
      if (thrown != null) {
        assertThat(thrown).as(bytes.hex()).isInstanceOf(MalformedException.class);
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Grammar<?>> grammars() {
    List<TestData.Vector> real = TestData.vectors();
    return Stream.of(
        new Grammar<>("TPMS_ATTEST", GrammarPropertiesTest::attest, Attest::encode, Attest::parse),
        new Grammar<>(
            "TPMT_SIGNATURE",
            GrammarPropertiesTest::signature,
            TpmtSignature::encode,
            TpmtSignature::parse),
        new Grammar<>(
            "TPMT_PUBLIC", r -> publicArea(r, real), TpmtPublic::toTpmt, TpmtPublic::parse),
        new Grammar<>(
            "TPM2B_PUBLIC", r -> publicArea(r, real), TpmtPublic::to2b, TpmtPublic::parse2b),
        new Grammar<>(
            "credential blob",
            r -> new CredentialBlob(bytes(r, r.nextInt(130)), bytes(r, r.nextInt(513))),
            CredentialBlob::encode,
            CredentialBlob::parse));
  }

  @ParameterizedTest
  @MethodSource("grammars")
  void parsingUndoesEncoding(Grammar<?> grammar) {
    Random random = new Random(1);
    for (int i = 0; i < ROUNDS; i++) {
      grammar.roundTrip(random);
    }
  }

  @ParameterizedTest
  @MethodSource("grammars")
  void everyTruncationIsMalformedAndNothingElse(Grammar<?> grammar) {
    Random random = new Random(2);
    for (int i = 0; i < 20; i++) {
      Bytes whole = grammar.sample(random);
      for (int size = 0; size < whole.size(); size++) {
        Bytes cut = whole.slice(0, size);
        assertThatThrownBy(() -> grammar.parse().apply(cut)).isInstanceOf(MalformedException.class);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("grammars")
  void everyTrailingByteIsMalformed(Grammar<?> grammar) {
    Random random = new Random(3);
    for (int i = 0; i < ROUNDS; i++) {
      Bytes longer = Bytes.concat(grammar.sample(random), bytes(random, 1 + random.nextInt(3)));
      assertThatThrownBy(() -> grammar.parse().apply(longer))
          .isInstanceOf(MalformedException.class);
    }
  }

  @ParameterizedTest
  @MethodSource("grammars")
  void mutatedBytesReadToOneEncodingOrAreMalformed(Grammar<?> grammar) {
    Random random = new Random(4);
    Bytes whole = grammar.sample(random);
    for (int i = 0; i < MUTATIONS; i++) {
      if (i % 50 == 0) {
        whole = grammar.sample(random);
      }
      byte[] changed = whole.toArray();
      for (int n = random.nextInt(4); n >= 0; n--) {
        changed[random.nextInt(changed.length)] = interesting(random);
      }
      grammar.readsOrRefuses(Bytes.of(changed));
      grammar.readsOrRefuses(bytes(random, random.nextInt(64)));
    }
  }

  private static byte interesting(Random random) {
    byte[] edges = {0, 1, 0x7f, (byte) 0x80, (byte) 0xff, 3, 0x0b, 0x10, 0x14};
    return random.nextBoolean() ? edges[random.nextInt(edges.length)] : (byte) random.nextInt(256);
  }

  private static Attest attest(Random r) {
    ClockInfo clock =
        new ClockInfo(r.nextLong(), r.nextLong(1L << 32), r.nextLong(1L << 32), r.nextBoolean());
    List<PcrSelection> selections = new ArrayList<>();
    IntStream.range(0, r.nextInt(5))
        .forEach(i -> selections.add(new PcrSelection(hash(r), r.nextInt(1 << 24))));
    Attest.Attested attested =
        r.nextBoolean()
            ? new Attest.Quote(selections, bytes(r, r.nextInt(65)))
            : new Attest.Certify(bytes(r, r.nextInt(67)), bytes(r, r.nextInt(67)));
    return new Attest(
        bytes(r, r.nextInt(67)), bytes(r, r.nextInt(67)), clock, r.nextLong(), attested);
  }

  private static TpmtSignature signature(Random r) {
    return switch (r.nextInt(3)) {
      case 0 -> new TpmtSignature.Rsa(SignatureAlg.RSASSA, hash(r), bytes(r, r.nextInt(513)));
      case 1 -> new TpmtSignature.Rsa(SignatureAlg.RSAPSS, hash(r), bytes(r, r.nextInt(513)));
      default -> new TpmtSignature.Ecdsa(hash(r), bytes(r, r.nextInt(67)), bytes(r, r.nextInt(67)));
    };
  }

  /** Real keys under random attributes. */
  private static TpmtPublic publicArea(Random r, List<TestData.Vector> real) {
    TestData.Vector vector = real.get(r.nextInt(real.size()));
    TpmtPublic like = r.nextBoolean() ? vector.ak() : vector.ek();
    HashAlg nameAlg = hash(r);
    return new TpmtPublic(
        nameAlg,
        r.nextInt() & ObjectAttributes.DEFINED,
        r.nextBoolean() ? Bytes.EMPTY : bytes(r, nameAlg.size()),
        like.aesBits(),
        like.scheme(),
        like.key());
  }

  private static HashAlg hash(Random r) {
    List<HashAlg> all = List.of(HashAlg.values());
    return all.get(r.nextInt(all.size()));
  }

  private static Bytes bytes(Random r, int size) {
    byte[] bytes = new byte[size];
    r.nextBytes(bytes);
    return Bytes.of(bytes);
  }
}
