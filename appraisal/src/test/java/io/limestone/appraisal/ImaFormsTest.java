package io.limestone.appraisal;

import static io.limestone.appraisal.TestNode.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.ImaCursor;
import io.limestone.evidence.ImaTemplate;
import io.limestone.evidence.PcrReplay;
import io.limestone.testkit.ima.ImaField;
import io.limestone.testkit.ima.ImaRecord;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every template in both forms, as an independent writer makes them. */
class ImaFormsTest {
  private static final Bytes SIGNATURE = Bytes.ofHex("0302046b85f0e10003010203");
  private static final ImaField NAME = ImaField.nNg(bytes("/usr/bin/a"));

  static Stream<ImaRecord> records() {
    return Stream.of(HashAlg.SHA1, HashAlg.SHA256, HashAlg.SHA384, HashAlg.SHA512)
        .flatMap(log -> ofEveryTemplate(log).stream());
  }

  private static List<ImaRecord> ofEveryTemplate(HashAlg log) {
    ImaField digest = ImaField.dNg("sha256", HashAlg.SHA256.digest(bytes("a")));
    ImaField typed = ImaField.dNgV2("ima", "sha512", HashAlg.SHA512.digest(bytes("a")));
    ImaField verity = ImaField.dNgV2("verity", "sha256", HashAlg.SHA256.digest(bytes("tree")));
    ImaField sig = ImaField.hex("sig", SIGNATURE);
    return List.of(
        ImaRecord.of(
            log,
            "ima",
            ImaField.d(HashAlg.SHA1.digest(bytes("a"))),
            ImaField.n(bytes("/usr/bin/a"))),
        ImaRecord.of(log, "ima-ng", digest, NAME),
        ImaRecord.of(log, "ima-sig", digest, NAME, sig),
        ImaRecord.of(log, "ima-sig", digest, NAME, ImaField.none("sig")),
        ImaRecord.of(log, "ima-buf", digest, NAME, ImaField.hex("buf", bytes("data"))),
        ImaRecord.of(log, "ima-buf", digest, NAME, ImaField.none("buf")),
        ImaRecord.of(log, "ima-ngv2", typed, NAME),
        ImaRecord.of(log, "ima-ngv2", verity, NAME),
        ImaRecord.of(log, "ima-sigv2", typed, NAME, sig),
        ImaRecord.of(log, "ima-sigv2", verity, NAME, ImaField.none("sig")),
        ImaRecord.of(
            log,
            "ima-modsig",
            digest,
            NAME,
            sig,
            ImaField.dModsig("sha1", HashAlg.SHA1.digest(bytes("without"))),
            ImaField.hex("modsig", bytes("PKCS#7"))),
        ImaRecord.of(
            log,
            "ima-modsig",
            digest,
            NAME,
            ImaField.none("sig"),
            ImaField.none("d-modsig"),
            ImaField.none("modsig")),
        ImaRecord.of(
            log,
            "evm-sig",
            digest,
            NAME,
            ImaField.hex("evmsig", SIGNATURE),
            ImaField.xattrNames("security.selinux", "security.ima"),
            ImaField.hex("xattrlengths", Bytes.ofHex("0300000002000000")),
            ImaField.hex("xattrvalues", Bytes.ofHex("6162630401")),
            ImaField.number("iuid", 0),
            ImaField.number("igid", 65534),
            ImaField.number("imode", 0100755)),
        ImaRecord.of(
            log,
            "evm-sig",
            digest,
            ImaField.nNg(bytes("boot_aggregate")),
            ImaField.none("evmsig"),
            ImaField.none("xattrnames"),
            ImaField.none("xattrlengths"),
            ImaField.none("xattrvalues"),
            ImaField.none("iuid"),
            ImaField.none("igid"),
            ImaField.none("imode")));
  }

  @ParameterizedTest
  @MethodSource("records")
  void bothFormsShowTheSameEntry(ImaRecord record) {
    for (Bytes form : List.of(record.ascii(), record.binary())) {
      ImaCursor cursor = cursor(form, logOf(record));
      assertThat(cursor.next()).isTrue();
      assertThat(cursor.kind()).as(cursor.problem()).isEqualTo(ImaCursor.Kind.ENTRY);
      assertThat(cursor.template().kernelName()).isEqualTo(record.template());
      assertThat(cursor.pcr()).isEqualTo(10);
      assertThat(cursor.templateData().toBytes()).isEqualTo(record.templateData());
      assertThat(cursor.hashMatches()).isTrue();
      assertThat(cursor.isVerity())
          .isEqualTo(record.fields().getFirst().data().base64().startsWith("dmVyaXR5"));
      Bytes name = record.fields().get(1).data();
      assertThat(cursor.name().toBytes()).isEqualTo(name.slice(0, name.size() - 1));
      assertThat(record.fields().getFirst().data().hex()).endsWith(cursor.digest().toBytes().hex());
      assertThat(cursor.extra().toBytes())
          .isEqualTo(
              record.fields().stream()
                  .filter(field -> field.id().equals("sig") || field.id().equals("buf"))
                  .map(ImaField::data)
                  .findFirst()
                  .orElse(Bytes.EMPTY));
      assertThat(cursor.next()).isFalse();
    }
  }

  @Test
  void theTableOfTemplatesIsComplete() {
    assertThat(ofEveryTemplate(HashAlg.SHA1).stream().map(ImaRecord::template).distinct())
        .containsExactlyInAnyOrder(
            Arrays.stream(ImaTemplate.values())
                .map(ImaTemplate::kernelName)
                .toArray(String[]::new));
  }

  @ParameterizedTest
  @EnumSource(HashAlg.class)
  void everyBankIsExtendedWithItsOwnDigests(HashAlg bank) {
    List<ImaRecord> list = new ArrayList<>(ofEveryTemplate(HashAlg.SHA1));
    list.add(
        ImaRecord.violation(
            HashAlg.SHA1, "ima-ng", ImaField.dNg("sha1", HashAlg.SHA1.zeros()), NAME));
    Bytes expected = bank.zeros();
    for (ImaRecord record : list) {
      expected = bank.extend(expected, record.measured(bank));
    }
    for (Bytes form : List.of(ImaRecord.ascii(list), ImaRecord.binary(list))) {
      ImaCursor cursor = cursor(form, HashAlg.SHA1);
      PcrReplay replay = PcrReplay.ofZeros(bank);
      while (cursor.next()) {
        cursor.extend(replay);
      }
      assertThat(cursor.entries()).isEqualTo(list.size());
      assertThat(replay.value()).isEqualTo(expected);
    }
  }

  @Test
  void aNameIsAnyBytesAlsoLineFeeds() {
    Bytes odd =
        Bytes.concat(
            bytes("/tmp/\"a'\tb\\\u001b\n\n10 "), Bytes.ofHex("fffec0807f01"), bytes("\nc"));
    List<ImaRecord> list =
        List.of(
            ImaRecord.of(
                HashAlg.SHA1,
                "ima-ng",
                ImaField.dNg("sha1", HashAlg.SHA1.digest(odd)),
                ImaField.nNg(odd)),
            ImaRecord.of(
                HashAlg.SHA1,
                "ima-sig",
                ImaField.dNg("sha1", HashAlg.SHA1.digest(odd)),
                ImaField.nNg(odd),
                ImaField.hex("sig", SIGNATURE)),
            ImaRecord.of(
                HashAlg.SHA1, "ima-ng", ImaField.dNg("sha1", HashAlg.SHA1.digest(odd)), NAME));
    for (Bytes form : List.of(ImaRecord.ascii(list), ImaRecord.binary(list))) {
      ImaCursor cursor = cursor(form, HashAlg.SHA1);
      for (ImaRecord record : list) {
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.hashMatches()).isTrue();
        assertThat(cursor.templateData().toBytes()).isEqualTo(record.templateData());
      }
      assertThat(cursor.next()).isFalse();
      // An agent counts lines; the next request must begin behind them all.
      assertThat(cursor.entries()).isEqualTo(form.equals(ImaRecord.binary(list)) ? 3 : 9);
    }
  }

  @Test
  void aBinaryListThatEndsWithinAnEntryIsMalformedAtItsEnd() {
    Bytes whole = ImaRecord.binary(ofEveryTemplate(HashAlg.SHA1).subList(0, 2));
    int first = ofEveryTemplate(HashAlg.SHA1).getFirst().binary().size();
    for (int size = first + 1; size < whole.size(); size++) {
      ImaCursor cursor = cursor(whole.slice(0, size), HashAlg.SHA1);
      assertThat(cursor.next()).isTrue();
      assertThat(cursor.hashMatches()).isTrue();
      assertThat(cursor.next()).isTrue();
      assertThat(cursor.kind()).isEqualTo(ImaCursor.Kind.MALFORMED);
      assertThat(cursor.problem()).isEqualTo("the list ends within an entry");
      assertThat(cursor.next()).isFalse();
    }
  }

  @Test
  void aBinaryListInTheOtherByteOrderSaysWhatToDo() {
    ImaCursor cursor =
        cursor(Bytes.concat(Bytes.ofHex("0000000a"), bytes("x".repeat(100))), HashAlg.SHA1);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.problem()).contains("ima_canonical_fmt");
    assertThat(cursor.next()).isFalse();
  }

  private static ImaCursor cursor(Bytes list, HashAlg log) {
    return new ImaCursor(list.toArray(), log);
  }

  private static HashAlg logOf(ImaRecord record) {
    return Arrays.stream(HashAlg.values())
        .filter(alg -> alg.size() == record.hash().size() && alg != HashAlg.SM3_256)
        .findFirst()
        .orElseThrow();
  }
}
