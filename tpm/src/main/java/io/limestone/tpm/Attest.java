package io.limestone.tpm;

import io.limestone.wire.ByteReader;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;

/**
 * TPMS_ATTEST, what a TPM says about itself under an attestation key (TPM 2.0 Library part 2,
 * section 10.12.12). Big endian; its first four bytes are 0xFF, "TCG", which a restricted key never
 * signs for anyone but its TPM.
 *
 * @param qualifiedSigner Name of the signing key, qualified by its parents
 * @param extraData the caller's nonce or qualifying data
 * @param firmwareVersion the vendor's 64-bit number
 */
public record Attest(
    Bytes qualifiedSigner,
    Bytes extraData,
    ClockInfo clock,
    long firmwareVersion,
    Attested attested) {
  /** TPM_GENERATED_VALUE. */
  public static final long MAGIC = 0xff544347L;

  /** The largest TPMU_NAME: an algorithm and a digest of 64 bytes. */
  private static final int MAX_NAME = 66;

  private static final int MAX_DATA = 64 + 2;
  private static final int MAX_BANKS = 16;

  /** What the structure attests to. */
  public sealed interface Attested {
    /** TPM_ST of the attestation. */
    int type();
  }

  /**
   * TPMS_QUOTE_INFO.
   *
   * @param pcrDigest over the values of the selected PCRs, in order
   */
  public record Quote(List<PcrSelection> selections, Bytes pcrDigest) implements Attested {
    public static final int TYPE = 0x8018;

    public Quote {
      selections = List.copyOf(selections);
    }

    @Override
    public int type() {
      return TYPE;
    }
  }

  /** TPMS_CERTIFY_INFO: the object of this Name is in the TPM. */
  public record Certify(Bytes name, Bytes qualifiedName) implements Attested {
    public static final int TYPE = 0x8017;

    @Override
    public int type() {
      return TYPE;
    }
  }

  /**
   * The structure that these bytes are.
   *
   * @throws MalformedException on a wrong magic, a type that is neither quote nor certify, any
   *     other breach of the grammar, and bytes left over
   */
  public static Attest parse(Bytes bytes) {
    ByteReader in = bytes.bigEndian();
    long magic = in.u32("magic");
    if (magic != MAGIC) {
      throw new MalformedException("magic is 0x%08x, not 0xff544347".formatted(magic));
    }
    int type = in.u16("type");
    if (type != Quote.TYPE && type != Certify.TYPE) {
      throw new MalformedException(
          "attestation type 0x%04x is neither quote nor certify".formatted(type));
    }
    Bytes qualifiedSigner = in.value16("qualifiedSigner", MAX_NAME);
    Bytes extraData = in.value16("extraData", MAX_DATA);
    ClockInfo clock =
        new ClockInfo(
            in.u64("clock"), in.u32("resetCount"), in.u32("restartCount"), yesNo(in.u8("safe")));
    long firmwareVersion = in.u64("firmwareVersion");
    Attested attested = type == Quote.TYPE ? quote(in) : certify(in);
    in.finish("TPMS_ATTEST");
    return new Attest(qualifiedSigner, extraData, clock, firmwareVersion, attested);
  }

  private static boolean yesNo(int value) {
    if (value > 1) {
      throw new MalformedException("safe is " + value + ", neither 0 nor 1");
    }
    return value == 1;
  }

  private static Quote quote(ByteReader in) {
    int count = in.bounded("PCR selections", MAX_BANKS);
    List<PcrSelection> selections = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      HashAlg bank = HashAlg.ofId(in.u16("PCR bank"));
      // PC Client TPMs have 24 PCRs; other sizes would give one selection several encodings.
      if (in.u8("sizeofSelect") != 3) {
        throw new MalformedException("a PCR selection is not 3 bytes long");
      }
      int mask = in.u8("pcrSelect") | in.u8("pcrSelect") << 8 | in.u8("pcrSelect") << 16;
      selections.add(new PcrSelection(bank, mask));
    }
    return new Quote(selections, in.value16("pcrDigest", 64));
  }

  private static Certify certify(ByteReader in) {
    Bytes name = in.value16("name", MAX_NAME);
    return new Certify(name, in.value16("qualifiedName", MAX_NAME));
  }

  public Bytes encode() {
    ByteWriter out =
        ByteWriter.bigEndian()
            .u32(MAGIC)
            .u16(attested.type())
            .sized16(qualifiedSigner)
            .sized16(extraData)
            .u64(clock.clock())
            .u32(clock.resetCount())
            .u32(clock.restartCount())
            .u8(clock.safe() ? 1 : 0)
            .u64(firmwareVersion);
    switch (attested) {
      case Quote quote -> {
        out.u32(quote.selections().size());
        for (PcrSelection selection : quote.selections()) {
          int mask = selection.mask();
          out.u16(selection.bank().id()).u8(3).u8(mask).u8(mask >>> 8).u8(mask >>> 16);
        }
        out.sized16(quote.pcrDigest());
      }
      case Certify certify -> out.sized16(certify.name()).sized16(certify.qualifiedName());
    }
    return out.toBytes();
  }
}
