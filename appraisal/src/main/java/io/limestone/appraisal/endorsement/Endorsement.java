package io.limestone.appraisal.endorsement;

import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.MalformedException;
import java.security.PublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether a TPM's certificate is one by a trusted vendor: the key is the TPM's, the certificate is
 * fit for its purpose, and a chain of at most {@value #MAX_CHAIN} certificates leads from it to a
 * trusted one. Never throws on hostile certificates; the work is bounded.
 */
public final class Endorsement {
  static final int MAX_CHAIN = 8;
  private static final int MAX_DELIVERED = 16;
  private static final int MAX_SIGNATURES = 64;

  /** What the check gave. */
  public sealed interface Result {}

  /**
   * A chain, leaf first, the trusted certificate last.
   *
   * @param notes what people should know nevertheless, such as an encoding that is not DER
   */
  public record Endorsed(List<TpmCertificate> chain, List<String> notes) implements Result {
    public Endorsed {
      chain = List.copyOf(chain);
      notes = List.copyOf(notes);
    }
  }

  /** Why not, in words for people: what was found, and what would help. */
  public record Refused(String reason) implements Result {}

  private final Purpose purpose;
  private final TpmCertificate leaf;
  private final List<TpmCertificate> delivered;
  private final TrustAnchors anchors;
  private final Instant at;
  private final Rules rules;
  private int signaturesLeft = MAX_SIGNATURES;

  /** The reason found farthest from the leaf: the one nearest to success. */
  private String reason;

  private int reasonDepth = 0;

  private Endorsement(
      Purpose purpose,
      TpmCertificate leaf,
      List<TpmCertificate> delivered,
      TrustAnchors anchors,
      Instant at,
      Rules rules) {
    this.purpose = purpose;
    this.leaf = leaf;
    this.delivered = delivered;
    this.anchors = anchors;
    this.at = at;
    this.rules = rules;
    this.reason =
        "nobody of the trust folder issued the "
            + purpose.words()
            + ": its issuer is "
            + leaf.issuer()
            + "; put that CA's certificate there if you trust it";
  }

  /**
   * Verifies a certificate.
   *
   * @param key the TPM's key that it must certify
   * @param delivered certificates that came with it: not trusted, only links
   * @param at when validity is judged
   */
  public static Result verify(
      Purpose purpose,
      TpmCertificate certificate,
      TpmtPublic key,
      List<TpmCertificate> delivered,
      TrustAnchors anchors,
      Instant at,
      Rules rules) {
    if (delivered.size() > MAX_DELIVERED) {
      return new Refused("more than " + MAX_DELIVERED + " certificates came with it");
    }
    try {
      if (!certificate.certifies(key)) {
        return new Refused("the " + purpose.words() + " certifies another key than the TPM's");
      }
      Optional<String> unfit = CertificateRules.refuseLeaf(certificate, purpose, at, rules);
      if (unfit.isPresent()) {
        return new Refused("the " + purpose.words() + " is refused: " + unfit.get());
      }
      return new Endorsement(purpose, certificate, List.copyOf(delivered), anchors, at, rules)
          .search();
    } catch (MalformedException e) {
      return new Refused("the " + purpose.words() + " is refused: " + e.getMessage());
    }
  }

  private Result search() {
    List<TpmCertificate> chain = new ArrayList<>(List.of(leaf));
    if (!extend(chain)) {
      return new Refused(reason);
    }
    List<String> notes = new ArrayList<>();
    for (TpmCertificate certificate : chain) {
      certificate.flaw().ifPresent(flaw -> notes.add(certificate.subject() + ": " + flaw));
      if (at.isAfter(certificate.notAfter())) {
        notes.add(certificate.subject() + " expired on " + certificate.notAfter());
      }
    }
    return new Endorsed(chain, notes);
  }

  /** Completes {@code chain} up to a trusted certificate, depth first; trusted issuers first. */
  private boolean extend(List<TpmCertificate> chain) {
    TpmCertificate last = chain.getLast();
    if (last.signature().usesSha1() && !rules.sha1Allowed()) {
      return refuse(chain.size(), last.subject() + " is signed over SHA-1, which is not accepted");
    }
    if (!last.signature().known()) {
      return refuse(
          chain.size(),
          last.subject()
              + " is signed by an unsupported algorithm, "
              + last.signature().algorithm());
    }
    for (TpmCertificate issuer : anchors.certificates()) {
      if (issued(issuer, chain)) {
        chain.add(issuer);
        return true;
      }
    }
    for (TpmCertificate issuer : delivered) {
      if (!issued(issuer, chain)) {
        continue;
      }
      if (chain.size() + 1 >= MAX_CHAIN) {
        return refuse(chain.size() + 1, "its chain is longer than " + MAX_CHAIN + " certificates");
      }
      refuse(
          chain.size() + 1,
          "its chain ends at "
              + issuer.subject()
              + ", issued by "
              + issuer.issuer()
              + ", which is not in the trust folder");
      chain.add(issuer);
      if (extend(chain)) {
        return true;
      }
      chain.removeLast();
    }
    return false;
  }

  private boolean issued(TpmCertificate issuer, List<TpmCertificate> chain) {
    TpmCertificate child = chain.getLast();
    if (!child.namesAsIssuer(issuer) || chain.contains(issuer)) {
      return false;
    }
    Optional<String> unfit =
        CertificateRules.refuseCa(issuer, purpose, chain.size() - 1, at, rules);
    if (unfit.isPresent()) {
      return refuse(chain.size(), "its issuer " + issuer.subject() + " is refused: " + unfit.get());
    }
    if (signaturesLeft-- <= 0) {
      return refuse(MAX_CHAIN, "too many certificates could have issued it");
    }
    PublicKey key;
    try {
      key = issuer.publicKey();
    } catch (MalformedException e) {
      return refuse(chain.size(), issuer.subject() + " is refused: " + e.getMessage());
    }
    return child.signature().verifies(key)
        || refuse(
            chain.size(),
            child.subject() + " is not signed by " + issuer.subject() + ", whom it names");
  }

  private boolean refuse(int depth, String why) {
    if (depth >= reasonDepth) {
      reasonDepth = depth;
      reason = why;
    }
    return false;
  }
}
