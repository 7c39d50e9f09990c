package io.limestone.evidence;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.LongBytes;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Reads an IMA measurement list, entry by entry, over the bytes as they came (ima.md §1 to §4). The
 * kernel's ASCII and its binary form are told apart by their first bytes. For each entry it has the
 * template data, the bytes that the kernel hashed, and checks the template hash. What it shows of
 * an entry is good until {@link #next}, and no entry leaves garbage. Not thread-safe.
 */
public final class ImaCursor {
  /** Bytes of the longest entry that is read: far above a kernel's, file names end at 4096. */
  public static final int MAX_ENTRY = ImaForm.MAX_ENTRY;

  /** What an entry turned out to be. */
  public enum Kind {
    ENTRY,
    /**
     * The template hash is all zeros: the kernel saw a file change between measurement and use and
     * extended the PCR with all ones. Only zeros mean this: literal ones are a wrong hash.
     */
    VIOLATION,
    /** Not an entry; see {@link #problem}. It cannot be replayed. */
    MALFORMED
  }

  private final ImaForm form;
  private final HashAlg logAlg;
  private final MessageDigest logHash;
  private final byte[] computed;
  private final ImaFields fields = new ImaFields();
  private boolean joins = true;

  private Kind kind = Kind.MALFORMED;
  private String problem = "";
  private boolean hashMatches;

  /**
   * @param list not copied; do not change it while reading
   * @param logHash what the kernel hashed the template data with for the list itself
   */
  public ImaCursor(byte[] list, HashAlg logHash) {
    this(LongBytes.of(list), logHash);
  }

  /** A reader of a list in pieces. */
  public ImaCursor(LongBytes list, HashAlg logHash) {
    this.form = ImaForm.of(list);
    this.logAlg = logHash;
    this.logHash = logHash.newDigest();
    this.computed = new byte[logHash.size()];
  }

  /** What the template hashes are checked with. */
  public HashAlg logHash() {
    return logAlg;
  }

  /** Goes to the next entry; false at the end. */
  public boolean next() {
    if (!form.next()) {
      return false;
    }
    read();
    if (!hashMatches && kind != Kind.VIOLATION && joins && fields.template != null) {
      joinLines();
    }
    return true;
  }

  /**
   * A name with line feeds breaks an entry of the ASCII form into lines; only together do they have
   * the template hash. The replay of the PCR proves which reading is right. Once in a list this may
   * fail: a list with a wrong hash is not worth more work.
   */
  private void joinLines() {
    while (form.join()) {
      read();
      if (hashMatches) {
        return;
      }
    }
    joins = false;
    form.unjoin();
    read();
  }

  /**
   * Entries shown so far as agents count them, malformed ones included: lines that are not empty,
   * also those within a name with line feeds.
   */
  public long entries() {
    return form.entries();
  }

  /** Bytes of the list up to the end of the current entry. */
  public int consumed() {
    return form.consumed();
  }

  public Kind kind() {
    return kind;
  }

  /** Why it is no entry. */
  public String problem() {
    return problem;
  }

  /** The line, or where the binary entry is, for people, cut at {@code max} characters. */
  public String line(int max) {
    return form.show(max);
  }

  /** The PCR number; -1 if it is none. */
  public int pcr() {
    return fields.pcr;
  }

  /** Whether the template hash is that of the template data; always false for a violation. */
  public boolean hashMatches() {
    return hashMatches;
  }

  public ImaTemplate template() {
    if (fields.template == null) {
      throw new IllegalStateException("a malformed entry has no template");
    }
    return fields.template;
  }

  public FileDigest digestAlg() {
    if (fields.digestAlg == null) {
      throw new IllegalStateException("a malformed entry has no digest");
    }
    return fields.digestAlg;
  }

  /**
   * Whether the digest is fs-verity's, over the file's Merkle tree (templates ima-ngv2, ima-sigv2):
   * never to be taken for a hash of the file's content, nor the other way round.
   */
  public boolean isVerity() {
    return fields.verity;
  }

  /** The digest of the file or buffer. */
  public Span digest() {
    return fields.digest;
  }

  /** The name of the file or buffer: bytes of no particular encoding. */
  public Span name() {
    return fields.name;
  }

  /**
   * The signature of the templates that have one of the file ({@code ima-sig}, {@code ima-sigv2},
   * {@code ima-modsig}), the data of an {@code ima-buf} entry, or nothing.
   */
  public Span extra() {
    return fields.extra;
  }

  /** The bytes that the kernel hashed. */
  public Span templateData() {
    return fields.data;
  }

  /** Extends a PCR as the kernel did for this entry; a malformed one cannot be. */
  public void extend(PcrReplay replay) {
    switch (kind) {
      case ENTRY -> {
        if (hashMatches && replay.bank() == logAlg) {
          replay.extend(computed, 0);
        } else {
          replay.measure(fields.data);
        }
      }
      case VIOLATION -> replay.violate();
      case MALFORMED -> {}
    }
  }

  /**
   * Extends a PCR as kernels before 5.8 did for this entry in every bank: with the list's own SHA-1
   * digest, padded with zeros. Only to find out that it was such a kernel.
   */
  public void extendPadded(PcrReplay replay) {
    switch (kind) {
      case ENTRY -> replay.extendPadded(computed);
      case VIOLATION -> {
        byte[] ones = new byte[computed.length];
        Arrays.fill(ones, (byte) 0xff);
        replay.extendPadded(ones);
      }
      case MALFORMED -> {}
    }
  }

  private void read() {
    fields.clear();
    hashMatches = false;
    String complaint = form.read(fields);
    if (complaint != null) {
      kind = Kind.MALFORMED;
      problem = complaint;
    } else if (isZero(fields.column, fields.columnLength)) {
      kind = Kind.VIOLATION;
    } else {
      kind = Kind.ENTRY;
      hash(fields.data);
      hashMatches =
          Arrays.equals(fields.column, 0, fields.columnLength, computed, 0, computed.length);
    }
  }

  private boolean isZero(byte[] column, int length) {
    for (int i = 0; i < length; i++) {
      if (column[i] != 0) {
        return false;
      }
    }
    return length == computed.length;
  }

  private void hash(Span data) {
    logHash.update(data.array(), data.from(), data.length());
    try {
      logHash.digest(computed, 0, computed.length);
    } catch (DigestException e) {
      throw new IllegalStateException(e); // the output is exactly as long as the digest
    }
  }
}
