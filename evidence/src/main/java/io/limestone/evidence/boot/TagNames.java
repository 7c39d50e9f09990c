package io.limestone.evidence.boot;

import java.util.Locale;
import java.util.Map;

/** Names of EV_EVENT_TAG's ids: of systemd, of Linux' EFI stub, and the telling ones of Windows. */
final class TagNames {
  private static final Map<Long, String> NAMES =
      Map.ofEntries(
          Map.entry(0xf5bc582aL, "systemd loader.conf"),
          Map.entry(0x6c46f751L, "systemd devicetree addon"),
          Map.entry(0x49dffe0fL, "systemd initrd addon"),
          Map.entry(0xdac08e1aL, "systemd microcode addon"),
          Map.entry(0x13aed6dbL, "systemd UKI profile"),
          Map.entry(0xd5cb7cbcL, "systemd SMBIOS type 1"),
          Map.entry(0xe0d47bc8L, "systemd SMBIOS type 2"),
          Map.entry(0xc0b3bd23L, "systemd SMBIOS type 11"),
          Map.entry(0x8f3b22ecL, "Linux initrd"),
          Map.entry(0x8f3b22edL, "Linux load options"),
          Map.entry(0x40010001L, "Windows trust boundary"),
          Map.entry(0x40010002L, "Windows ELAM"),
          Map.entry(0x40010003L, "Windows loaded module"),
          Map.entry(0xc0010004L, "Windows trust point"),
          Map.entry(0x40010005L, "Windows ELAM aggregation"),
          Map.entry(0x00020002L, "Windows boot counter"),
          Map.entry(0x00020005L, "Windows BitLocker unlock"),
          Map.entry(0x00040001L, "Windows boot debugging"),
          Map.entry(0x00040002L, "Windows boot revocation list"),
          Map.entry(0x00050001L, "Windows kernel debugging"),
          Map.entry(0x00050002L, "Windows code integrity"),
          Map.entry(0x00050003L, "Windows test signing"),
          Map.entry(0x00050009L, "Windows system root"),
          Map.entry(0x00060002L, "Windows authority public key"),
          Map.entry(0x00070001L, "Windows image path"),
          Map.entry(0x00070004L, "Windows Authenticode digest"),
          Map.entry(0x00070008L, "Windows publisher"));

  private TagNames() {}

  static String of(long id) {
    return NAMES.getOrDefault(id, String.format(Locale.ROOT, "tag 0x%08x", id));
  }
}
