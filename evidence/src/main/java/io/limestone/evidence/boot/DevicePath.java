package io.limestone.evidence.boot;

import io.limestone.wire.Bytes;

/**
 * EFI_DEVICE_PATH_PROTOCOL (UEFI §10): where something is, node by node.
 *
 * @param bytes as logged, with its end node
 * @param text UEFI's text form (§10.6), such as {@code HD(1,GPT,…)/File(\EFI\debian\shimx64.efi)}:
 *     hostile, to be made printable before it is shown
 */
public record DevicePath(Bytes bytes, String text) {
  public static final DevicePath NONE = new DevicePath(Bytes.EMPTY, "");

  static DevicePath of(Bytes bytes) {
    return bytes.isEmpty() ? NONE : new DevicePath(bytes, DevicePathText.of(bytes.littleEndian()));
  }
}
