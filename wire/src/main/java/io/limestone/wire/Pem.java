package io.limestone.wire;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Textual encoding of certificates and keys (RFC 7468). Reading bounds the number and the size of
 * blocks; blanks and explanatory text between blocks are skipped only where the caller says so.
 */
public final class Pem {
  public static final String CERTIFICATE = "CERTIFICATE";

  private static final String BEGIN = "-----BEGIN ";
  private static final String DASHES = "-----";
  private static final int MAX_BLOCK_CHARACTERS = 128 * 1024;
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  private Pem() {}

  /** One block: the words behind BEGIN, and the bytes. */
  public record Block(String label, Bytes content) {}

  /** Lines of 64 characters, each ended by LF, the last one too. */
  public static String text(String label, Bytes content) {
    return BEGIN
        + label
        + DASHES
        + "\n"
        + LINES.encodeToString(content.toArray())
        + "\n-----END "
        + label
        + DASHES
        + "\n";
  }

  /**
   * Blocks with nothing but white space around them, as peers send them.
   *
   * @throws MalformedException on any other text, more than {@code max} blocks, or none
   */
  public static List<Block> strict(String text, int max) {
    return read(text, max, false);
  }

  /**
   * Blocks of a file that people keep: text in front of and between blocks is skipped.
   *
   * @throws MalformedException on a broken block or more than {@code max} blocks
   */
  public static List<Block> file(String text, int max) {
    return read(text, max, true);
  }

  private static List<Block> read(String text, int max, boolean textAllowed) {
    List<Block> blocks = new ArrayList<>();
    int at = 0;
    while (true) {
      int begin = text.indexOf(BEGIN, at);
      String between = text.substring(at, begin < 0 ? text.length() : begin);
      if (!textAllowed && !between.isBlank()) {
        throw new MalformedException("PEM: text that belongs to no block");
      }
      if (begin < 0) {
        break;
      }
      if (blocks.size() == max) {
        throw new MalformedException("PEM: more than " + max + " blocks");
      }
      int labelEnd = text.indexOf(DASHES, begin + BEGIN.length());
      if (labelEnd < 0 || labelEnd - begin > 100) {
        throw new MalformedException("PEM: BEGIN line has no end");
      }
      String label = text.substring(begin + BEGIN.length(), labelEnd);
      String endLine = "-----END " + label + DASHES;
      int bodyStart = labelEnd + DASHES.length();
      int end = text.indexOf(endLine, bodyStart);
      if (end < 0) {
        throw new MalformedException("PEM: block without its END line");
      }
      if (end - bodyStart > MAX_BLOCK_CHARACTERS) {
        throw new MalformedException(
            "PEM: block of more than " + MAX_BLOCK_CHARACTERS + " characters");
      }
      blocks.add(new Block(label, body(text.substring(bodyStart, end))));
      at = end + endLine.length();
    }
    if (!textAllowed && blocks.isEmpty()) {
      throw new MalformedException("PEM: no block");
    }
    return List.copyOf(blocks);
  }

  private static Bytes body(String lines) {
    StringBuilder base64 = new StringBuilder(lines.length());
    for (int i = 0; i < lines.length(); i++) {
      char c = lines.charAt(i);
      if (c != '\n' && c != '\r' && c != ' ' && c != '\t') {
        base64.append(c);
      }
    }
    return Bytes.ofBase64(base64.toString());
  }
}
