package io.limestone.evidence.boot;

import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.List;

/**
 * The file by which a signature database is updated, such as {@code DBXUpdate.bin}: signature lists
 * (UEFI §32.4.1), behind EFI_VARIABLE_AUTHENTICATION_2 (§8.2.2) or bare. Who signed it is for the
 * firmware to check: here it is only read.
 */
public final class DatabaseUpdate {
  private static final Guid PKCS7 = Guid.of("4aafd29d-68df-49ee-8aa9-347d375665a7");
  private static final int TIME = 16;
  private static final int CERTIFICATE_HEADER = 4 + 2 + 2 + Guid.SIZE;
  private static final int REVISION = 0x0200;
  private static final int UEFI_GUID = 0x0ef1;

  private DatabaseUpdate() {}

  /**
   * The lists of an update.
   *
   * @throws MalformedException if it is none, or has no entry
   */
  public static List<SignatureList> parse(Bytes file) {
    ByteReader in = file.littleEndian();
    if (isAuthenticated(file)) {
      in.skip(TIME, "time");
      int length = in.bounded("length of the certificate", in.remaining() + 4);
      if (length < CERTIFICATE_HEADER) {
        throw new MalformedException("certificate of " + length + " bytes is less than its header");
      }
      in.skip(length - 4, "certificate");
    }
    List<SignatureList> lists = SignatureList.readAll(in);
    if (lists.stream().allMatch(list -> list.signatures().isEmpty())) {
      throw new MalformedException("no signature list with an entry");
    }
    return lists;
  }

  private static boolean isAuthenticated(Bytes file) {
    if (file.size() < TIME + CERTIFICATE_HEADER) {
      return false;
    }
    ByteReader in = file.slice(TIME + 4, TIME + CERTIFICATE_HEADER).littleEndian();
    return in.u16("revision") == REVISION
        && in.u16("type") == UEFI_GUID
        && Guid.read(in, "form").equals(PKCS7);
  }
}
