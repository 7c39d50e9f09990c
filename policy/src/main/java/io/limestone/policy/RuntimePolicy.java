package io.limestone.policy;

import io.limestone.evidence.Span;
import io.limestone.policy.DigestTable.Match;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a node may run: a Keylime runtime policy (runtime-policy §1), read once into a compact form.
 * Immutable; look-ups are safe from any thread.
 */
public final class RuntimePolicy {
  /** The parts of the document as they were read. */
  record Parts(
      int generator,
      DigestTable digests,
      ExcludeList excludes,
      DigestTable keyrings,
      Set<String> ignoredKeyrings,
      HashAlg logHash,
      DigestTable buffers,
      VerificationKeys keys,
      DmPolicy devices) {}

  /** Before a name in {@code digests}: its digests are fs-verity's. No file has such a path. */
  public static final String VERITY = "verity:";

  private final Parts parts;
  private final Optional<RuntimePolicy> former;

  private RuntimePolicy(Parts parts, Optional<RuntimePolicy> former) {
    this.parts = parts;
    this.former = former;
  }

  /**
   * The policy of its JSON text.
   *
   * @throws MalformedException with the place and the reason, such as {@code 'meta' is a required
   *     property}
   */
  public static RuntimePolicy parse(Bytes json) {
    return new RuntimePolicy(new RuntimePolicyParser(json.toArray()).parse(), Optional.empty());
  }

  /**
   * A policy as uploaded: its JSON text, or a DSSE envelope around that (runtime-policy §3). Where
   * there are an envelope and a key, the signature is verified, whether required or not.
   *
   * @param keyPem the PEM public key that came with the upload
   * @param signatureRequired {@code verifier.require_allow_list_signatures}
   * @throws PolicyRefusedException with Keylime's status and words
   */
  public static RuntimePolicy ofUpload(
      Bytes text, Optional<Bytes> keyPem, boolean signatureRequired) {
    Bytes json = SignedPolicy.open(text, keyPem, signatureRequired);
    try {
      return parse(json);
    } catch (MalformedException e) {
      throw new PolicyRefusedException(400, "Runtime policy is malformatted: " + e.getMessage(), e);
    }
  }

  /** Keylime's {@code meta.generator}: 0 unknown, 1 empty, 2 upgraded, 3 made by a tool. */
  public int generator() {
    return parts.generator;
  }

  /** What the kernel hashes template data with for the list's second column. */
  public HashAlg logHash() {
    return parts.logHash;
  }

  /** Files, keyrings and buffers named. */
  public int names() {
    return parts.digests.names() + parts.keyrings.names() + parts.buffers.names();
  }

  /** Digests in all. */
  public int digests() {
    return parts.digests.digests() + parts.keyrings.digests() + parts.buffers.digests();
  }

  /** Whether the policy says nothing at all: it allows nothing, excludes nothing, has no keys. */
  public boolean isEmpty() {
    return names() == 0
        && parts.excludes.isEmpty()
        && parts.ignoredKeyrings.isEmpty()
        && parts.keys.isEmpty()
        && parts.devices.isEmpty();
  }

  /** The keys that signatures of files are verified with. */
  public VerificationKeys verificationKeys() {
    return parts.keys;
  }

  /**
   * The same policy with a node's own signature keys instead.
   *
   * @param keyringJson Keylime's legacy {@code ima_sign_verification_keys}; empty texts of any kind
   *     leave the policy as it is
   */
  public RuntimePolicy withVerificationKeys(String keyringJson) {
    VerificationKeys keys = VerificationKeys.parse(keyringJson);
    return keys.isEmpty()
        ? this
        : new RuntimePolicy(
            new Parts(
                parts.generator,
                parts.digests,
                parts.excludes,
                parts.keyrings,
                parts.ignoredKeyrings,
                parts.logHash,
                parts.buffers,
                keys,
                parts.devices),
            former);
  }

  /**
   * The same policy, after another one, for nodes that are updated while they run: see {@link
   * #allowedBefore}.
   */
  public RuntimePolicy after(RuntimePolicy before) {
    return new RuntimePolicy(parts, Optional.of(before));
  }

  /**
   * Whether the policy before this one lists this file with this digest. It may then have run until
   * the file was replaced; that it was is for the rest of the list to show.
   */
  public boolean allowedBefore(Span name, Span digest) {
    return former.isPresent() && former.get().file(name, digest) == Judgement.ALLOWED;
  }

  /** What device-mapper devices may do. */
  public DmPolicy devices() {
    return parts.devices;
  }

  /** What the policy says of something measured. */
  public enum Judgement {
    ALLOWED,
    EXCLUDED,
    /** Its name is not in the policy. */
    UNKNOWN_NAME,
    /** Its name is, with other digests. */
    OTHER_DIGEST
  }

  /** Judges a file by name and the hash of its content. */
  public Judgement file(Span name, Span digest) {
    return name.begins(VERITY)
        ? excludedOr(Judgement.UNKNOWN_NAME, name)
        : judge(parts.digests, name, digest, true);
  }

  /**
   * Judges a file by name and fs-verity digest. It must be listed under {@code verity:} and the
   * name: what is listed for the name alone is the hash of a content, and one is never taken for
   * the other. Excludes are for the name alone.
   */
  public Judgement verity(Span name, Span digest) {
    byte[] listed =
        Arrays.copyOf(VERITY.getBytes(StandardCharsets.US_ASCII), VERITY.length() + name.length());
    System.arraycopy(name.array(), name.from(), listed, VERITY.length(), name.length());
    Judgement judgement = judge(parts.digests, Span.of(listed), digest, false);
    return judgement == Judgement.ALLOWED ? judgement : excludedOr(judgement, name);
  }

  /** Judges a measured buffer that is no key. */
  public Judgement buffer(Span name, Span digest) {
    return judge(parts.buffers, name, digest, true);
  }

  /** Judges a key that the kernel loads into a keyring. Excludes do not apply to keyrings. */
  public Judgement key(Span keyring, Span digest) {
    return judge(parts.keyrings, keyring, digest, false);
  }

  /** Whether keys of this keyring are neither checked nor learned. */
  public boolean ignoresKeyring(Span keyring) {
    return parts.ignoredKeyrings.contains("*")
        || parts.ignoredKeyrings.stream().anyMatch(name -> Utf8.is(keyring, name));
  }

  /** Whether an exclude expression matches the start of the name. */
  public boolean excludes(Span name) {
    return parts.excludes.matches(name);
  }

  /** The digests allowed for a file, at most {@code max} of them. */
  public List<Bytes> fileDigests(Span name, int max) {
    return parts.digests.digestsOf(name, max);
  }

  private Judgement judge(DigestTable table, Span name, Span digest, boolean excludable) {
    Match match = table.match(name, digest);
    if (match == Match.LISTED) {
      return Judgement.ALLOWED;
    }
    Judgement refused = match == Match.ABSENT ? Judgement.UNKNOWN_NAME : Judgement.OTHER_DIGEST;
    return excludable ? excludedOr(refused, name) : refused;
  }

  private Judgement excludedOr(Judgement otherwise, Span name) {
    return parts.excludes.matches(name) ? Judgement.EXCLUDED : otherwise;
  }
}
