package io.limestone.evidence.boot;

import io.limestone.evidence.boot.BootPayload.Device;
import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * DEVICE_SECURITY_EVENT_DATA of either version (PC Client Platform Firmware Profile 1.06 §10.2.7):
 * what a device said of its own firmware over SPDM (DSP0274). For one event.
 */
final class SpdmParser {
  private static final Bytes VERSION_1 = Texts.ascii("SPDM Device Sec\0");
  private static final Bytes VERSION_2 = Texts.ascii("SPDM Device Sec2");
  private static final int MEASUREMENTS = 0;
  private static final int CERTIFICATES = 1;
  private static final int DMTF = 1;
  private static final int PCI = 1;
  private static final int USB = 2;
  private static final int VALUE_TYPE = 0x7f;

  private final ByteReader in;

  private SpdmParser(ByteReader in) {
    this.in = in;
  }

  static Device parse(ByteReader in) {
    Bytes signature = in.value(VERSION_1.size(), "signature");
    if (signature.equals(VERSION_1)) {
      return new SpdmParser(in).version1();
    }
    if (signature.equals(VERSION_2)) {
      return new SpdmParser(in).version2();
    }
    throw new MalformedException("device event without SPDM Device Sec");
  }

  /** Header, one measurement, device path, device. */
  private Device version1() {
    in.skip(2 + 2 + 4, "version, length, hash algorithm");
    long type = in.u32("device type");
    List<Device.Measurement> measured = List.of(measurement());
    DevicePath path = path();
    return new Device(device(type), path, Optional.empty(), measured);
  }

  /** Header, device path, measurements or a chain of certificates, device. */
  private Device version2() {
    in.skip(2, "version");
    int state = in.u8("authentication state");
    in.skip(1 + 4, "reserved, length");
    long type = in.u32("device type");
    long kind = in.u32("sub-header type");
    int size = in.bounded("sub-header length", in.remaining());
    in.skip(8, "sub-header UID");
    DevicePath path = path();
    List<Device.Measurement> measured = subHeader(kind, in.slice(size, "sub-header"));
    return new Device(device(type), path, Optional.of(state), measured);
  }

  private static List<Device.Measurement> subHeader(long kind, ByteReader in) {
    if (kind != MEASUREMENTS && kind != CERTIFICATES) {
      return List.of(); // the maker's own
    }
    in.skip(2, "SPDM version");
    int count = in.u8("count of measurements, or slot");
    in.skip(1 + 4, "reserved, hash algorithm");
    List<Device.Measurement> measured = new ArrayList<>();
    for (int i = 0; kind == MEASUREMENTS && i < count; i++) {
      measured.add(new SpdmParser(in).measurement());
    }
    return measured;
  }

  /** SPDM_MEASUREMENT_BLOCK: a value by the DMTF's form, or by the maker's. */
  private Device.Measurement measurement() {
    int index = in.u8("measurement index");
    int form = in.u8("measurement specification");
    ByteReader value = in.slice(in.u16("measurement size"), "measurement");
    if (form != DMTF) {
      Bytes said = value.value(value.remaining(), "measurement");
      return new Device.Measurement(index, "the maker's own", said);
    }
    int type = value.u8("value type");
    Bytes said = value.value(value.u16("value size"), "value");
    value.finish("measurement");
    return new Device.Measurement(index, words(type & VALUE_TYPE), said);
  }

  private static String words(int type) {
    return switch (type) {
      case 0 -> "immutable firmware";
      case 1 -> "firmware";
      case 2 -> "hardware configuration";
      case 3 -> "firmware configuration";
      case 4 -> "manifest";
      default -> "value of type " + type;
    };
  }

  private DevicePath path() {
    long size = in.u64("device path length");
    if (size < 0 || size > in.remaining()) {
      throw new MalformedException("device path of " + Long.toUnsignedString(size) + " bytes");
    }
    return DevicePath.of(in.value((int) size, "device path"));
  }

  /** Vendor and device of a PCI function; of others the type alone. */
  private String device(long type) {
    if (type == PCI) {
      in.skip(2 + 2, "context version, length");
      String id = "PCI %04x:%04x".formatted(in.u16("vendor"), in.u16("device"));
      in.skip(1 + 3 + 2 + 2, "revision, class, subsystem");
      in.finish("PCI context");
      return id;
    }
    return type == USB ? "USB" : type == 0 ? "a device" : "a device of type " + type;
  }
}
