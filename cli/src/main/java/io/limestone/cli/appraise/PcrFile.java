package io.limestone.cli.appraise;

import io.limestone.keylime.PcrBlob;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * PCR values of one bank in a file: the serialized form of {@code tpm2_quote -o}, the text of
 * {@code tpm2_pcrread}, or JSON such as {@code {"sha256": {"10": "00…"}}}.
 */
final class PcrFile {
  private static final Pattern BANK =
      Pattern.compile("\\s*(sha1|sha256|sha384|sha512|sm3_256)\\s*:\\s*");
  private static final Pattern VALUE =
      Pattern.compile("\\s*([0-9]{1,2})\\s*:\\s*(?:0[xX])?([0-9A-Fa-f]+)\\s*");

  private PcrFile() {}

  static PcrValues read(Bytes file) {
    String text = new String(file.toArray(), StandardCharsets.ISO_8859_1);
    try {
      if (text.stripLeading().startsWith("{")) {
        return json(Json.object(file.toArray()));
      }
      return BANK.matcher(text.lines().findFirst().orElse("")).matches()
          ? lines(text)
          : PcrBlob.parse(file);
    } catch (MalformedException e) {
      throw e.in("--pcrs");
    }
  }

  private static PcrValues json(JsonObject object) {
    if (object.names().size() != 1) {
      throw new MalformedException("not one bank of PCR values");
    }
    String bank = object.names().iterator().next();
    Map<Integer, Bytes> values = new TreeMap<>();
    JsonObject pcrs = object.object(bank);
    for (String pcr : pcrs.names()) {
      String hex = pcrs.string(pcr);
      values.put(number(pcr), Bytes.ofHex(hex.startsWith("0x") ? hex.substring(2) : hex));
    }
    return PcrValues.of(bank(bank), values);
  }

  private static PcrValues lines(String text) {
    HashAlg bank = bank(text.lines().findFirst().orElse("").replace(":", "").strip());
    Map<Integer, Bytes> values = new TreeMap<>();
    for (String line : text.lines().skip(1).filter(l -> !l.isBlank()).toList()) {
      Matcher matcher = VALUE.matcher(line);
      if (!matcher.matches()) {
        throw new MalformedException("not one bank of PCR values: " + Encoding.printable(line, 80));
      }
      if (values.put(number(matcher.group(1)), Bytes.ofHex(matcher.group(2))) != null) {
        throw new MalformedException("PCR " + matcher.group(1) + " is there twice");
      }
    }
    return PcrValues.of(bank, values);
  }

  private static HashAlg bank(String name) {
    return HashAlg.named(name)
        .orElseThrow(() -> new MalformedException("no PCR bank: " + Encoding.printable(name, 20)));
  }

  private static int number(String text) {
    if (!text.matches("[0-9]{1,2}")) {
      throw new MalformedException("no PCR number: " + Encoding.printable(text, 20));
    }
    return Integer.parseInt(text);
  }
}
