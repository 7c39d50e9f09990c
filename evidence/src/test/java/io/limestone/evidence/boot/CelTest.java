package io.limestone.evidence.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real log written anew as a Canonical Event Log says the same. */
class CelTest {
  private static BootLog log(String name) {
    return BootLog.parse(TestData.read("uefi/" + name + ".bin"));
  }

  private static Bytes tlv(BootLog log) {
    ByteWriter out = ByteWriter.bigEndian();
    for (BootEvent event : log.events()) {
      field(out, 0, ByteWriter.bigEndian().u64(event.number()).toBytes());
      field(out, 1, ByteWriter.bigEndian().u32(event.pcr() & 0xffff_ffffL).toBytes());
      ByteWriter digests = ByteWriter.bigEndian();
      event.digests().forEach((bank, digest) -> field(digests, bank.id(), digest));
      field(out, 3, digests.toBytes());
      ByteWriter content = ByteWriter.bigEndian();
      field(content, 0, ByteWriter.bigEndian().u32(event.code()).toBytes());
      field(content, 1, event.data());
      field(out, 5, content.toBytes());
    }
    return out.toBytes();
  }

  private static void field(ByteWriter out, int type, Bytes value) {
    out.u8(type).u32(value.size()).bytes(value);
  }

  private static Bytes json(BootLog log) {
    List<Object> records = new ArrayList<>();
    for (BootEvent event : log.events()) {
      List<Object> digests = new ArrayList<>();
      event
          .digests()
          .forEach(
              (bank, digest) ->
                  digests.add(Map.of("hashAlg", bank.keylimeName(), "digest", digest.hex())));
      Map<String, Object> item = new LinkedHashMap<>();
      item.put("recnum", event.number());
      item.put("pcr", event.pcr() & 0xffff_ffffL);
      item.put("digests", digests);
      item.put("content_type", "pcclient_std");
      item.put("content", Map.of("event_type", event.code(), "event_data", event.data().hex()));
      records.add(item);
    }
    return Bytes.of(Json.bytes(records));
  }

  @ParameterizedTest
  @ValueSource(strings = {"inspur", "keylime-nosb-locality3", "ideapad1", "intel_svr"})
  void bothEncodingsSayWhatTheLogSays(String name) {
    BootLog log = log(name);
    for (Bytes cel : List.of(tlv(log), json(log))) {
      BootLog read = BootLog.parse(cel);
      assertThat(read.form()).isIn(BootLog.Form.CEL_TLV, BootLog.Form.CEL_JSON);
      assertThat(read.events()).isEqualTo(log.events());
      assertThat(read.banks()).isEqualTo(log.banks());
      assertThat(read.startupLocality()).isEqualTo(log.startupLocality());
      for (HashAlg bank : log.banks()) {
        assertThat(read.replay(bank)).isEqualTo(log.replay(bank));
      }
    }
  }

  /** RFC 7464 as systemd writes it; the words are hashed as they stand. */
  @Test
  void whatSystemdMeasuresFromUserSpaceIsRead() {
    String phase = "enter-initrd";
    Bytes digest = HashAlg.SHA256.digest(ascii(phase));
    String line =
        "\u001e{\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\""
            + digest.hex()
            + "\"}],\"content_type\":\"systemd\",\"content\":{\"string\":\""
            + phase
            + "\",\"eventType\":\"phase\"}}\n";
    BootLog log = BootLog.parse(ascii(line + line));
    assertThat(log.measured(HashAlg.SHA256))
        .hasSize(2)
        .allSatisfy(
            event ->
                assertThat(event.proven(BootPayload.Text.class))
                    .contains(new BootPayload.Text(phase)));
    BootLog forged = BootLog.parse(ascii(line.replace("\"string\":\"enter", "\"string\":\"leave")));
    assertThat(forged.measured(HashAlg.SHA256))
        .allSatisfy(event -> assertThat(event.proven()).isEmpty());
  }

  @Test
  void recordsThatBreakTheGrammarAreRefused() {
    Bytes good = tlv(log("hirs-TpmLog"));
    for (int cut = 11; cut < 85; cut++) { // the first record
      Bytes shorter = good.slice(0, cut);
      assertThatThrownBy(() -> BootLog.parse(shorter))
          .as("cut at %d", cut)
          .isInstanceOf(MalformedException.class);
    }
    for (String text :
        List.of("[]", "{}", "[1]", "[{\"pcr\":0}]", "{\"pcr\":99,\"digests\":[]}", "\u001e{")) {
      assertThatThrownBy(() -> BootLog.parse(ascii(text)))
          .as(text)
          .isInstanceOf(MalformedException.class);
    }
  }

  /** CBOR is not read: a list or a sequence of such records is no log, whatever it says. */
  @Test
  void theEncodingInCborIsNoLog() {
    String digests = "81a20 00b01 5820".replace(" ", "") + "00".repeat(32);
    String item = "a5000001000381" + digests.substring(2) + "09050aa2000401" + "4400000000";
    for (String cbor : List.of("81" + item, item, "9f" + item + "ff", item + item)) {
      assertThatThrownBy(() -> BootLog.parse(Bytes.ofHex(cbor)))
          .as(cbor)
          .isInstanceOf(MalformedException.class);
    }
  }

  private static Bytes ascii(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.US_ASCII));
  }
}
