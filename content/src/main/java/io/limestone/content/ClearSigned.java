package io.limestone.content;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A text with its signature inside (RFC 9580 §7), such as {@code InRelease}. Only what was signed
 * can be taken from it: text in front, behind, or a second signed text makes it malformed.
 *
 * @param text what was signed, line by line, without the dash escapes and trailing blanks that do
 *     not belong to it; lines end in LF
 * @param signature the armoured signature
 */
public record ClearSigned(Bytes text, Bytes signature) {
  private static final String BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----";
  private static final String BEGIN_SIGNATURE = "-----BEGIN PGP SIGNATURE-----";
  private static final Pattern HASHES = Pattern.compile("Hash: [A-Za-z0-9, -]{1,100}");

  /**
   * Takes a signed text apart; whose the signature is, is not looked at.
   *
   * @throws MalformedException if it is none, or holds anything else
   */
  public static ClearSigned parse(byte[] file) {
    List<String> lines = lines(new String(file, StandardCharsets.ISO_8859_1));
    int signature = lines.indexOf(BEGIN_SIGNATURE);
    if (!lines.getFirst().equals(BEGIN) || signature < 0) {
      throw new MalformedException("not a signed text, or with something in front of it");
    }
    int at = 1;
    while (!lines.get(at).isEmpty()) {
      // the hash is what the signature says; anything else there could only deceive a reader
      if (at == signature || !HASHES.matcher(lines.get(at)).matches()) {
        throw new MalformedException("a signed text may only have the header \"Hash\"");
      }
      at++;
    }
    List<String> text = new ArrayList<>();
    for (String line : lines.subList(at + 1, Math.max(at + 1, signature))) {
      if (line.startsWith("-") && !line.startsWith("- ")) {
        throw new MalformedException("a signed text with a line whose dash is not escaped");
      }
      text.add(line.startsWith("- ") ? line.substring(2) : line);
    }
    if (signature < at) {
      throw new MalformedException("a signed text without text");
    }
    return new ClearSigned(
        bytes(String.join("\n", text)),
        bytes(String.join("\n", lines.subList(signature, lines.size()))));
  }

  /** What the signature is over: lines end in CRLF, the last one in nothing. */
  byte[] canonical() {
    return new String(text.toArray(), StandardCharsets.ISO_8859_1)
        .replace("\n", "\r\n")
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  /**
   * Lines end in LF or CRLF. A CR elsewhere would end a line for the signature and none for who
   * reads the text.
   */
  private static List<String> lines(String file) {
    List<String> lines = new ArrayList<>();
    for (String line : file.split("\n", -1)) {
      String plain = line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
      if (plain.indexOf('\r') >= 0 || plain.indexOf('\0') >= 0) {
        throw new MalformedException(
            "a signed text with a carriage return or NUL inside of a line");
      }
      lines.add(withoutTrailingBlanks(plain));
    }
    return lines;
  }

  /** Blanks and tabs, which is what RFC 9580 §7.2 leaves out; nothing else that looks like one. */
  private static String withoutTrailingBlanks(String line) {
    int end = line.length();
    while (end > 0 && (line.charAt(end - 1) == ' ' || line.charAt(end - 1) == '\t')) {
      end--;
    }
    return line.substring(0, end);
  }

  private static Bytes bytes(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
