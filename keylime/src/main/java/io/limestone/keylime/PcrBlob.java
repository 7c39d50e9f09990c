package io.limestone.keylime;

import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The third part of a quote: the PCR values as the little-endian memory image of tpm2-tools, not as
 * TPM marshalling (pull-protocol.md section 3.4).
 *
 * <pre>
 * 0     u32 number of selections used: 1
 * 4     16 selections of 8 bytes: u16 bank, u8 sizeofSelect (3), 4 bytes pcrSelect, u8 0
 * 132   u32 number of digest lists
 * 136   digest lists of 532 bytes: u32 count, 8 digests of u16 size, 64 bytes (padded with zeros)
 * </pre>
 *
 * Exactly one bank and at least one PCR; digests in ascending PCR order, eight to a list, so 668,
 * 1,200 or 1,732 bytes. Everything unused must be zero. The selection here is not signed: the
 * verifier compares it with the one that is.
 */
public final class PcrBlob {
  private static final int SELECTIONS = 16;
  private static final int SELECTION_SIZE = 8;
  private static final int LISTS_AT = 4 + SELECTIONS * SELECTION_SIZE + 4;
  private static final int PER_LIST = 8;
  private static final int BUFFER = 64;
  private static final int LIST_SIZE = 4 + PER_LIST * (2 + BUFFER);

  private PcrBlob() {}

  /**
   * The values in {@code blob}.
   *
   * @throws MalformedException on any other layout than the above
   */
  public static PcrValues parse(Bytes blob) {
    ByteReader reader = blob.littleEndian();
    if (reader.u32("selection count") != 1) {
      throw new MalformedException("PCR blob does not select exactly one bank");
    }
    HashAlg bank = HashAlg.ofId(reader.u16("bank"));
    if (reader.u8("sizeofSelect") != 3) {
      throw new MalformedException("PCR blob: sizeofSelect is not 3");
    }
    int mask = (int) reader.u32("pcrSelect"); // PcrSelection refuses a mask above 24 bits
    PcrSelection selection = new PcrSelection(bank, mask);
    if (selection.size() == 0) {
      throw new MalformedException("PCR blob selects no PCR");
    }
    zeros(reader, 1 + (SELECTIONS - 1) * SELECTION_SIZE, "unused selections");

    List<Integer> pcrs = selection.pcrs();
    int lists = Math.ceilDiv(pcrs.size(), PER_LIST);
    if (reader.u32("digest list count") != lists) {
      throw new MalformedException(
          "PCR blob: " + pcrs.size() + " PCRs need " + lists + " digest lists");
    }
    SortedMap<Integer, Bytes> values = new TreeMap<>();
    for (int first = 0; first < pcrs.size(); first += PER_LIST) {
      list(reader, bank, pcrs.subList(first, Math.min(pcrs.size(), first + PER_LIST)), values);
    }
    reader.finish("PCR blob");
    return new PcrValues(bank, values);
  }

  private static void list(
      ByteReader reader, HashAlg bank, List<Integer> pcrs, SortedMap<Integer, Bytes> values) {
    if (reader.u32("digest count") != pcrs.size()) {
      throw new MalformedException("PCR blob: a digest list does not count its digests right");
    }
    for (int pcr : pcrs) {
      if (reader.u16("digest size") != bank.size()) {
        throw new MalformedException(
            "PCR blob: PCR " + pcr + " is not a " + bank.keylimeName() + " digest");
      }
      values.put(pcr, Bytes.of(reader.bytes(bank.size(), "digest")));
      zeros(reader, BUFFER - bank.size(), "padding of PCR " + pcr);
    }
    zeros(reader, (PER_LIST - pcrs.size()) * (2 + BUFFER), "unused digests");
  }

  /** The blob of at least one PCR. */
  public static Bytes of(PcrValues values) {
    List<Bytes> digests = List.copyOf(values.values().values());
    int lists = Math.ceilDiv(digests.size(), PER_LIST);
    if (lists == 0) {
      throw new IllegalArgumentException("a quote has at least one PCR");
    }
    ByteBuffer blob =
        ByteBuffer.allocate(LISTS_AT + lists * LIST_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    blob.putInt(1).putShort((short) values.bank().id()).put((byte) 3);
    blob.putInt(values.selection().mask());
    blob.position(LISTS_AT - 4).putInt(lists);
    for (int first = 0; first < digests.size(); first += PER_LIST) {
      List<Bytes> list = digests.subList(first, Math.min(digests.size(), first + PER_LIST));
      int at = blob.position();
      blob.putInt(list.size());
      for (Bytes digest : list) {
        int slot = blob.position();
        blob.putShort((short) digest.size()).put(digest.toArray());
        blob.position(slot + 2 + BUFFER);
      }
      blob.position(at + LIST_SIZE);
    }
    return Bytes.of(blob.array());
  }

  private static void zeros(ByteReader reader, int length, String field) {
    if (!Bytes.of(reader.bytes(length, field)).isAll(0)) {
      throw new MalformedException("PCR blob: " + field + " not zero");
    }
  }
}
