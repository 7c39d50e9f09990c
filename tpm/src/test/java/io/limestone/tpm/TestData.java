package io.limestone.tpm;

import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Recorded data of real TPMs, see testdata/PROVENANCE.md. */
final class TestData {
  private TestData() {}

  static Bytes file(String name) {
    try {
      return Bytes.of(Files.readAllBytes(Path.of(System.getProperty("limestone.testdata"), name)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonObject swtpm() {
    return Json.object(file("tpm/swtpm.json").toArray());
  }

  /** A quote of another implementation, with all that is needed to verify it. */
  record Vector(
      String name, TpmtPublic ek, TpmtPublic ak, Bytes akName, Bytes nonce, SignedQuote quote) {
    PcrSelection asked() {
      return quote.pcrs().selection();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static List<Vector> vectors() {
    return swtpm().list("quotes").stream().map(v -> vector((JsonObject) v)).toList();
  }

  private static Vector vector(JsonObject json) {
    SortedMap<Integer, Bytes> values = new TreeMap<>();
    JsonObject pcrs = json.object("pcrs");
    pcrs.names().forEach(n -> values.put(Integer.valueOf(n), hex(pcrs, n)));
    HashAlg bank = HashAlg.named(json.string("bank")).orElseThrow();
    return new Vector(
        json.string("name"),
        TpmtPublic.parse2b(hex(json, "ek")),
        TpmtPublic.parse2b(hex(json, "ak")),
        hex(json, "akName"),
        hex(json, "nonce"),
        new SignedQuote(hex(json, "attest"), hex(json, "signature"), new PcrValues(bank, values)));
  }

  static Bytes hex(JsonObject json, String name) {
    return Bytes.ofHex(json.string(name));
  }
}
