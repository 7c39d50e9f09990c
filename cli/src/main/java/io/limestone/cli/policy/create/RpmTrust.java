package io.limestone.cli.policy.create;

import io.limestone.content.RepositoryKeys;
import io.limestone.content.RepositoryKeys.Verdict;
import io.limestone.content.RpmMetadata.PackageAt;
import io.limestone.content.RpmMetadata.Referenced;
import io.limestone.content.RpmPackage;
import io.limestone.content.Vouched;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Reads the headers of packages, and decides whether they count. With {@code --package-key} one of
 * those keys must have signed each header. With {@code --repo-key} alone, which has signed the
 * metadata, the header must be signed by it, too, or the whole package have the checksum that the
 * metadata has; and it must be the package that the metadata lists, for an older one of the same
 * name is as well signed. Without keys nothing is checked, and said so. Safe from any thread.
 */
final class RpmTrust {
  /** More than most headers take, so that one request does. */
  private static final int FIRST = 24 * 1024;

  private final Repository repository;
  private final RepositoryKeys keys;
  private final RepositoryKeys packageKeys;
  private final AtomicInteger bySignature = new AtomicInteger();
  private final AtomicInteger byChecksum = new AtomicInteger();
  private final AtomicInteger unchecked = new AtomicInteger();

  RpmTrust(Repository repository, RepositoryKeys keys, RepositoryKeys packageKeys) {
    this.repository = repository;
    this.keys = keys;
    this.packageKeys = packageKeys;
  }

  boolean isByPackageKeys() {
    return !packageKeys.isEmpty();
  }

  /**
   * The headers of a package.
   *
   * @throws MalformedException if it is not the right one, with its name
   */
  RpmPackage read(PackageAt at) throws IOException, InterruptedException {
    try {
      return checked(at);
    } catch (MalformedException e) {
      throw e.in(Encoding.printable(at.href(), 200));
    }
  }

  private RpmPackage checked(PackageAt at) throws IOException, InterruptedException {
    byte[] headers = headers(at.href());
    RpmPackage rpm = RpmPackage.parse(headers);
    if (!keys.isEmpty() && !rpm.identity().equals(at.identity())) {
      throw new MalformedException(
          "is "
              + Encoding.printable(rpm.identity(), 200)
              + ", where the metadata lists "
              + Encoding.printable(at.identity(), 200));
    }
    if (isByPackageKeys()) {
      requireSigned(headers);
    } else if (keys.isEmpty()) {
      unchecked.incrementAndGet();
    } else if (RpmPackage.signer(headers, keys, Instant.now()) instanceof Verdict.By) {
      bySignature.incrementAndGet();
    } else {
      return whole(at);
    }
    return rpm;
  }

  private void requireSigned(byte[] headers) {
    switch (RpmPackage.signer(headers, packageKeys, Instant.now())) {
      case Verdict.By _ -> bySignature.incrementAndGet();
      case Verdict.Nobody(String why) ->
          throw new MalformedException("no signature of --package-key that counts: " + why);
    }
  }

  /** The headers, in one request as a rule, and never more than they say that they take. */
  private byte[] headers(String href) throws IOException, InterruptedException {
    byte[] start = repository.range(href, 0, FIRST);
    int needed = RpmPackage.bytesNeeded(start);
    while (needed > start.length) {
      byte[] more = repository.range(href, start.length, needed);
      if (more.length == 0) {
        throw new MalformedException("RPM headers: ends within them");
      }
      start = joined(start, more);
      needed = RpmPackage.bytesNeeded(start);
    }
    return start;
  }

  /** From one reading: what was looked at before might have been another file. */
  private RpmPackage whole(PackageAt at) throws IOException, InterruptedException {
    Referenced content =
        at.content()
            .orElseThrow(
                () ->
                    new MalformedException(
                        "is not signed by --repo-key, and the metadata has only a weak checksum"));
    try (Vouched in = content.vouched(repository.open(at.href()))) {
      RpmPackage rpm = in.read(RpmTrust::parsed);
      byChecksum.incrementAndGet();
      return rpm;
    }
  }

  private static RpmPackage parsed(InputStream in) throws IOException {
    byte[] start = new byte[0];
    int needed;
    while ((needed = RpmPackage.bytesNeeded(start)) > start.length) {
      byte[] more = in.readNBytes(needed - start.length);
      if (more.length == 0) {
        throw new MalformedException("RPM headers: ends within them");
      }
      start = joined(start, more);
    }
    return RpmPackage.parse(start);
  }

  private static byte[] joined(byte[] start, byte[] more) {
    byte[] longer = Arrays.copyOf(start, start.length + more.length);
    System.arraycopy(more, 0, longer, start.length, more.length);
    return longer;
  }

  /** What the packages' files rest on. */
  String summary() {
    int signed = bySignature.get();
    int sums = byChecksum.get();
    if (unchecked.get() > 0) {
      return "NOT CHECKED: "
          + unchecked
          + " packages, neither by signature nor by checksum (--repo-key, --package-key)";
    }
    return signed + sums == 0
        ? "no package was read; the metadata alone has the files"
        : signed
            + " packages checked by the signature of their headers, "
            + sums
            + " by their checksums in the signed metadata";
  }
}
