package io.limestone.evidence.boot;

import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.Locale;

/**
 * UEFI's text form of a device path (UEFI §10.6). Nodes that are not known here, or are malformed,
 * come as {@code Path(type,subtype,hex)}, the generic form of the specification. Never fails; the
 * text is bounded.
 */
final class DevicePathText {
  private static final int MAX_NODES = 64;
  private static final int MAX_TEXT = 8192;
  private static final int END = 0x7f;
  private static final int END_OF_ALL = 0xff;

  private final StringBuilder text = new StringBuilder();

  private DevicePathText() {}

  static String of(ByteReader in) {
    DevicePathText path = new DevicePathText();
    try {
      path.nodes(in);
    } catch (MalformedException e) {
      path.node("?");
    }
    return path.text.toString();
  }

  private void nodes(ByteReader in) {
    for (int i = 0; in.remaining() > 0; i++) {
      if (i == MAX_NODES || text.length() > MAX_TEXT) {
        node("…");
        return;
      }
      int type = in.u8("device path type");
      int subtype = in.u8("device path subtype");
      int length = in.u16("device path node length");
      Bytes body = in.value(length - 4, "device path node");
      if (type == END) {
        if (subtype == END_OF_ALL) {
          return; // what follows, in a boot option, are further paths of the vendor
        }
        text.append(',');
      } else {
        node(node(type, subtype, body));
      }
    }
  }

  private void node(String node) {
    if (!text.isEmpty() && text.charAt(text.length() - 1) != ',') {
      text.append('/');
    }
    text.append(node);
  }

  private static String node(int type, int subtype, Bytes body) {
    try {
      return DevicePathNodes.text(type, subtype, body.littleEndian())
          .orElseGet(() -> generic(type, subtype, body));
    } catch (MalformedException e) {
      return generic(type, subtype, body);
    }
  }

  private static String generic(int type, int subtype, Bytes body) {
    return String.format(Locale.ROOT, "Path(%d,%d,%s)", type, subtype, body.hex());
  }
}
