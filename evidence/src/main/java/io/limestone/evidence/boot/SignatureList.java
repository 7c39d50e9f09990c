package io.limestone.evidence.boot;

import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;

/**
 * EFI_SIGNATURE_LIST (UEFI §32.4.1): entries of one type and one size.
 *
 * @param type what the entries are: {@link #X509}, {@link #SHA256} …
 * @param header the type's own header, which is none of the entries: to take it for one would make
 *     a key of whatever stands in it (GHSA-9r4w-jg96-92mv)
 */
public record SignatureList(Guid type, Bytes header, List<Signature> signatures) {
  /** EFI_CERT_X509: data is a certificate in DER. */
  public static final Guid X509 = Guid.of("a5c059a1-94e4-4aa7-87b5-ab155c2bf072");

  /** EFI_CERT_SHA256: data is the SHA-256 Authenticode digest of a program. */
  public static final Guid SHA256 = Guid.of("c1c41626-504c-4092-aca9-41f936934328");

  private static final int FIXED = Guid.SIZE + 12;
  private static final int MAX_SIGNATURES = 100_000;

  /**
   * EFI_SIGNATURE_DATA.
   *
   * @param owner who put it there
   */
  public record Signature(Guid owner, Bytes data) {}

  public SignatureList {
    signatures = List.copyOf(signatures);
  }

  /**
   * Reads lists up to the end.
   *
   * @throws MalformedException if one reaches beyond it, or its sizes do not add up
   */
  static List<SignatureList> readAll(ByteReader in) {
    List<SignatureList> lists = new ArrayList<>();
    int signatures = 0;
    while (in.remaining() > 0) {
      SignatureList list = read(in);
      lists.add(list);
      signatures += list.signatures().size();
      if (signatures > MAX_SIGNATURES) {
        throw new MalformedException("more than " + MAX_SIGNATURES + " signatures");
      }
    }
    return lists;
  }

  private static SignatureList read(ByteReader in) {
    Guid type = Guid.read(in, "signature type");
    int rest = in.remaining() - 12;
    int listSize = in.bounded("signature list size", FIXED + Math.max(rest, 0));
    if (listSize < FIXED) {
      throw new MalformedException("signature list size " + listSize + " is less than its header");
    }
    int headerSize = in.bounded("signature header size", listSize - FIXED);
    int size = in.bounded("signature size", listSize - FIXED);
    Bytes header = in.value(headerSize, "signature header");
    int entries = listSize - FIXED - headerSize;
    if (size <= Guid.SIZE || entries % size != 0) {
      throw new MalformedException(
          "signature list: " + entries + " bytes are no entries of " + size + " bytes each");
    }
    ByteReader body = in.slice(entries, "signatures");
    List<Signature> signatures = new ArrayList<>(entries / size);
    while (body.remaining() > 0) {
      signatures.add(
          new Signature(
              Guid.read(body, "signature owner"), body.value(size - Guid.SIZE, "signature data")));
    }
    return new SignatureList(type, header, signatures);
  }
}
