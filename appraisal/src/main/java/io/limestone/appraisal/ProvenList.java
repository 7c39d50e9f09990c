package io.limestone.appraisal;

import io.limestone.evidence.ImaCursor;
import io.limestone.evidence.ImaSlice;
import io.limestone.evidence.PcrReplay;
import io.limestone.policy.PcrPolicy;
import io.limestone.policy.create.Measured;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Bytes;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The entries of a measurement list that a quote proves: those up to the one behind which the list
 * replays to the quoted PCR 10. What comes after that is only claimed.
 */
public final class ProvenList {
  private final ImaSlice slice;
  private final HashAlg logHash;
  private final long proven;

  private ProvenList(ImaSlice slice, HashAlg logHash, long proven) {
    this.slice = slice;
    this.logHash = logHash;
    this.proven = proven;
  }

  /**
   * Nothing where no part of the list replays to the quoted value.
   *
   * @param slice from the first entry since boot, or from where {@code before} ends
   * @param before what earlier quotes have proven
   * @param quoted signed, of a quote that was found good
   * @param logHash what the kernel hashes template data with for the list itself
   */
  public static Optional<ProvenList> of(
      ImaSlice slice, ImaProgress before, PcrValues quoted, HashAlg logHash) {
    Optional<Bytes> pcr = quoted.get(PcrPolicy.IMA_PCR);
    Optional<PcrReplay> start = start(slice, before, quoted.bank());
    if (pcr.isEmpty() || start.isEmpty()) {
      return Optional.empty();
    }
    PcrReplay replay = start.get();
    byte[] target = pcr.get().toArray();
    ImaCursor cursor = new ImaCursor(slice.text(), logHash);
    boolean reached = replay.is(target);
    while (!reached && cursor.next()) {
      cursor.extend(replay);
      reached = replay.is(target);
    }
    return reached
        ? Optional.of(new ProvenList(slice, logHash, cursor.entries()))
        : Optional.empty();
  }

  private static Optional<PcrReplay> start(ImaSlice slice, ImaProgress before, HashAlg bank) {
    if (slice.firstEntry() == 0) {
      return Optional.of(PcrReplay.ofZeros(bank));
    }
    return before
        .running()
        .filter(at -> slice.firstEntry() == before.nextEntry() && at.bank() == bank)
        .map(at -> new PcrReplay(bank, at.pcr10()));
  }

  /** The number, counted from boot, of the first entry that is not proven. */
  public long next() {
    return slice.firstEntry() + proven;
  }

  /**
   * Shows what each proven entry gives for a policy.
   *
   * @return how many entries no policy can hold
   */
  public long forEach(Consumer<Measured> each) {
    ImaCursor cursor = new ImaCursor(slice.text(), logHash);
    long unusable = 0;
    while (cursor.entries() < proven && cursor.next()) {
      Optional<Measured> measured = Measured.of(cursor);
      measured.ifPresent(each);
      unusable += measured.isEmpty() ? 1 : 0;
    }
    return unusable;
  }
}
