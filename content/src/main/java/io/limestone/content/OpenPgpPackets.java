package io.limestone.content;

import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Pattern;

/**
 * OpenPGP packets (RFC 9580 §4.2) and their ASCII armour (§6.2), by the grammar: what a library
 * would skip, guess or wait for is malformed. Packets of unknown length do not occur in keys and
 * signatures and are refused.
 */
final class OpenPgpPackets {
  static final int SIGNATURE = 2;
  static final int PUBLIC_KEY = 6;
  static final int USER_ID = 13;
  static final int PUBLIC_SUBKEY = 14;
  static final int USER_ATTRIBUTE = 17;

  private static final int MAX_PACKETS = 20_000;
  private static final Pattern ARMOUR_HEADER = Pattern.compile("[A-Za-z0-9-]{1,64}:.*");

  private OpenPgpPackets() {}

  /**
   * A packet.
   *
   * @param bytes with its header
   */
  record Packet(int tag, Bytes bytes, Bytes body) {
    /** The first byte, which is the version in all packets that have one; -1 if it is empty. */
    int version() {
      return body.isEmpty() ? -1 : body.toArray()[0] & 0xff;
    }
  }

  /** The packets of a signature file: binary, or armour and nothing else. */
  static List<Packet> ofSignature(byte[] file) {
    return of(file, "SIGNATURE", false);
  }

  /** The packets of a key file: binary, or armour, which may have text around it. */
  static List<Packet> ofKeys(byte[] file) {
    return of(file, "PUBLIC KEY BLOCK", true);
  }

  private static List<Packet> of(byte[] file, String label, boolean textAround) {
    if (file.length > 0 && file[0] < 0) { // each packet begins with this bit, no text does
      return packets(file);
    }
    List<Packet> all = new ArrayList<>();
    for (byte[] block : armoured(file, label, textAround)) {
      all.addAll(packets(block));
    }
    return all;
  }

  private static List<Packet> packets(byte[] bytes) {
    List<Packet> packets = new ArrayList<>();
    ByteReader in = ByteReader.bigEndian(bytes);
    while (in.remaining() > 0) {
      if (packets.size() == MAX_PACKETS) {
        throw new MalformedException("OpenPGP: more than " + MAX_PACKETS + " packets");
      }
      int start = in.position();
      int first = in.u8("packet");
      if ((first & 0x80) == 0) {
        throw new MalformedException("OpenPGP: no packet at offset " + start);
      }
      boolean old = (first & 0x40) == 0;
      int tag = old ? first >> 2 & 15 : first & 63;
      long length = old ? oldLength(in, first & 3) : newLength(in);
      if (length > in.remaining()) {
        throw new MalformedException("OpenPGP: a packet that is cut short");
      }
      Bytes body = in.value((int) length, "packet");
      packets.add(new Packet(tag, Bytes.of(Arrays.copyOfRange(bytes, start, in.position())), body));
    }
    return packets;
  }

  private static long oldLength(ByteReader in, int kind) {
    return switch (kind) {
      case 0 -> in.u8("packet length");
      case 1 -> in.u16("packet length");
      case 2 -> in.u32("packet length");
      default -> throw new MalformedException("OpenPGP: a packet without a length");
    };
  }

  private static long newLength(ByteReader in) {
    int first = in.u8("packet length");
    if (first < 192) {
      return first;
    }
    if (first < 224) {
      return ((first - 192L) << 8) + in.u8("packet length") + 192;
    }
    if (first < 255) {
      throw new MalformedException("OpenPGP: a packet in parts");
    }
    return in.u32("packet length");
  }

  /** Its checksum, which RFC 9580 lets nobody depend on, is passed over. */
  private static List<byte[]> armoured(byte[] file, String label, boolean textAround) {
    String begin = "-----BEGIN PGP " + label + "-----";
    String end = "-----END PGP " + label + "-----";
    List<byte[]> blocks = new ArrayList<>();
    Iterator<String> lines = new String(file, StandardCharsets.ISO_8859_1).lines().iterator();
    while (lines.hasNext()) {
      String line = lines.next().stripTrailing();
      if (line.equals(begin)) {
        blocks.add(block(lines, end));
      } else if (!line.isEmpty() && !textAround) {
        throw new MalformedException("OpenPGP: neither packets nor only " + begin);
      }
    }
    if (blocks.isEmpty()) {
      throw new MalformedException("OpenPGP: no " + begin);
    }
    return blocks;
  }

  private static byte[] block(Iterator<String> lines, String end) {
    boolean headers = true;
    ByteArrayOutputStream base64 = new ByteArrayOutputStream();
    while (lines.hasNext()) {
      String line = lines.next().stripTrailing();
      if (line.equals(end)) {
        return decoded(base64);
      }
      if (headers) {
        if (!line.isEmpty() && !ARMOUR_HEADER.matcher(line).matches()) {
          throw new MalformedException("OpenPGP armour: no blank line behind its headers");
        }
        headers = !line.isEmpty();
      } else if (!line.startsWith("=")) {
        base64.writeBytes(line.getBytes(StandardCharsets.ISO_8859_1));
      }
    }
    throw new MalformedException("OpenPGP armour: has no end");
  }

  private static byte[] decoded(ByteArrayOutputStream base64) {
    try {
      return Base64.getDecoder().decode(base64.toByteArray());
    } catch (IllegalArgumentException e) {
      throw new MalformedException("OpenPGP armour: not base64", e);
    }
  }
}
