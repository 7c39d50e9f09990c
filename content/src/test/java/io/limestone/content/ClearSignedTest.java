package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.content.RepositoryKeys.Verdict;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** RFC 9580 §7, with texts that the real gpg signed. */
class ClearSignedTest {
  private static final Instant TIME = Instant.parse("2024-01-01T00:00:00Z");
  private static final String TEXT =
      "Origin: us\nSuite: x  \t\n- dashed\n-----BEGIN PGP SIGNED MESSAGE-----\n\nGrün: \u00a0\nFrom me\nend";

  private static String signed(Gpg gpg, String key, String text) throws Exception {
    return new String(
        gpg.clearSign(text.getBytes(StandardCharsets.UTF_8), key), StandardCharsets.UTF_8);
  }

  private static String text(ClearSigned signed) {
    return new String(signed.text().toArray(), StandardCharsets.UTF_8);
  }

  private static ClearSigned parse(String file) {
    return ClearSigned.parse(file.getBytes(StandardCharsets.UTF_8));
  }

  private static void refused(String file, String why) {
    assertThatThrownBy(() -> parse(file))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining(why);
  }

  @Test
  void whatWasSignedIsWhatIsRead() throws Exception {
    try (Gpg gpg = new Gpg(TIME)) {
      String key = gpg.key("x", "ed25519", "sign", "never");
      RepositoryKeys keys = new RepositoryKeys().add(gpg.export(key));
      for (String text :
          new String[] {TEXT, TEXT + "\n", TEXT + "\n\n", "one", "", "\n\n", "-\n"}) {
        String file = signed(gpg, key, text);
        for (String variant :
            new String[] {
              file,
              file.replace("\n", "\r\n"),
              file.replace("Suite: x  \t", "Suite: x"),
              file + "\n"
            }) {
          ClearSigned signed = parse(variant);
          assertThat(keys.verify(signed, TIME)).as(variant).isInstanceOf(Verdict.By.class);
          // the last line end is not signed, and gpg adds one where there is none
          assertThat(text(signed))
              .isEqualTo(
                  (text.endsWith("\n") ? text.substring(0, text.length() - 1) : text)
                      .replaceAll("(?m)[ \t]+$", ""));
        }
        ClearSigned other = parse(file.replace("Hash:", "Hash:").replace("us", "they"));
        if (text.contains("us")) {
          assertThat(keys.verify(other, TIME)).isInstanceOf(Verdict.Nobody.class);
        }
      }
      byte[] detached = gpg.sign(Archives.bytes("one"), key, "--armor");
      assertThat(
              keys.verify(
                  new ClearSigned(
                      io.limestone.wire.Bytes.of(Archives.bytes("one")),
                      io.limestone.wire.Bytes.of(detached)),
                  TIME))
          .isInstanceOf(Verdict.Nobody.class);
    }
  }

  private static final String SIGNATURE =
      "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n";
  private static final String BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----\n";

  @Test
  void textAroundTheSignedTextIsRefused() {
    assertThat(text(parse(BEGIN + "Hash: SHA512\n\na  \n- -b\n" + SIGNATURE))).isEqualTo("a\n-b");
    refused("Suite: evil\n" + BEGIN + "\na\n" + SIGNATURE, "in front");
    refused("\n" + BEGIN + "\na\n" + SIGNATURE, "in front");
    RepositoryKeys keys = new RepositoryKeys();
    assertThat(keys.verify(parse(BEGIN + "\na\n" + SIGNATURE + "Suite: evil\n"), TIME))
        .isInstanceOf(Verdict.Nobody.class);
  }

  @Test
  void severalSignedTextsAreRefused() {
    String one = BEGIN + "\na\n" + SIGNATURE;
    refused(BEGIN + "\na\n" + one, "dash");
    assertThat(text(parse(one + one))).isEqualTo("a"); // and its signature is none:
    assertThat(new RepositoryKeys().verify(parse(one + one), TIME))
        .isInstanceOf(Verdict.Nobody.class);
  }

  @Test
  void headersThatCouldDeceiveAreRefused() {
    refused(BEGIN + "Suite: evil\n\na\n" + SIGNATURE, "header");
    refused(BEGIN + "NotDashEscaped: x\n\na\n" + SIGNATURE, "header");
    refused(BEGIN + "a\n" + SIGNATURE, "header");
    refused(BEGIN + SIGNATURE, "header");
    refused(BEGIN + "\n\t\u000b: x\n-x\n" + SIGNATURE, "dash");
  }

  /** For the signature it would end a line; who reads the text would see one line. */
  @Test
  void aLoneCarriageReturnIsRefused() {
    refused(BEGIN + "\na\rb\n" + SIGNATURE, "carriage return");
    refused(BEGIN + "\na\r\r\nb\n" + SIGNATURE, "carriage return");
    refused(BEGIN + "\na\0b\n" + SIGNATURE, "NUL");
  }

  @Test
  void whatIsNoSignedTextIsRefused() {
    for (String text :
        new String[] {"", "\n", "hello", BEGIN, BEGIN + "\n", BEGIN + "\na\n", SIGNATURE}) {
      assertThatThrownBy(() -> parse(text)).isInstanceOf(MalformedException.class);
    }
  }
}
