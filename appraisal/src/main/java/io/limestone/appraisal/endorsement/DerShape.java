package io.limestone.appraisal.endorsement;

import io.limestone.wire.ByteReader;
import io.limestone.wire.MalformedException;

/**
 * The outer shape of BER, walked before a general parser sees it: definite lengths that fit,
 * nesting of at most {@value #MAX_DEPTH}. So hostile input can exhaust no stack further in. Order,
 * minimal lengths and values are not judged here.
 */
final class DerShape {
  private static final int MAX_DEPTH = 24;
  private static final int CONSTRUCTED = 0x20;

  private DerShape() {}

  /** One element: its identifier octet, where its content begins and how long that is. */
  record Element(int tag, int start, int contentStart, int contentLength) {
    int end() {
      return contentStart + contentLength;
    }
  }

  /** The element at the reader's place, which is left behind its header. */
  static Element header(ByteReader reader) {
    int start = reader.position();
    int tag = reader.u8("tag");
    if ((tag & 0x1f) == 0x1f) {
      throw new MalformedException("ASN.1: tag number above 30 at offset " + start);
    }
    int length = reader.u8("length");
    if (length >= 0x80) {
      int octets = length & 0x7f;
      if (octets == 0 || octets > 3) {
        throw new MalformedException("ASN.1: length at offset " + start + " is not definite");
      }
      length = 0;
      for (int i = 0; i < octets; i++) {
        length = length << 8 | reader.u8("length");
      }
    }
    if (length > reader.remaining()) {
      throw new MalformedException(
          "ASN.1: element at offset " + start + " is longer than what is there");
    }
    return new Element(tag, start, reader.position(), length);
  }

  /**
   * Walks one element with all that is in it.
   *
   * @throws MalformedException if it is not well-formed or nested too deep
   */
  static Element walk(ByteReader reader) {
    return walk(reader, 0);
  }

  private static Element walk(ByteReader reader, int depth) {
    if (depth > MAX_DEPTH) {
      throw new MalformedException("ASN.1: nested deeper than " + MAX_DEPTH);
    }
    Element element = header(reader);
    if ((element.tag & CONSTRUCTED) == 0) {
      reader.skip(element.contentLength, "content");
    } else {
      while (reader.position() < element.end()) {
        if (walk(reader, depth + 1).end() > element.end()) {
          throw new MalformedException("ASN.1: an element is longer than the one around it");
        }
      }
    }
    return element;
  }
}
