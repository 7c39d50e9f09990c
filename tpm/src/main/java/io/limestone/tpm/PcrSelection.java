package io.limestone.tpm;

import io.limestone.wire.MalformedException;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A choice of PCRs of one bank (TPMS_PCR_SELECTION with sizeofSelect 3).
 *
 * @param mask bit n stands for PCR n, 0 to 23
 */
public record PcrSelection(HashAlg bank, int mask) {
  /** PCRs of a PC Client TPM. */
  public static final int COUNT = 24;

  private static final int ALL = (1 << COUNT) - 1;

  public PcrSelection {
    if ((mask & ~ALL) != 0) {
      throw new MalformedException("PCR mask 0x%x names PCRs above 23".formatted(mask));
    }
  }

  public boolean contains(int pcr) {
    return pcr >= 0 && pcr < COUNT && (mask >>> pcr & 1) == 1;
  }

  /** How many PCRs are chosen. */
  public int size() {
    return Integer.bitCount(mask);
  }

  /** Ascending. */
  public List<Integer> pcrs() {
    return IntStream.range(0, COUNT).filter(this::contains).boxed().toList();
  }

  /** Such as {@code sha256:[10, 16]}. */
  @Override
  public String toString() {
    return bank.keylimeName() + ":" + pcrs();
  }
}
