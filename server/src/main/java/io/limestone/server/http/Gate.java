package io.limestone.server.http;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Date;
import java.util.Map;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * Decides who a caller is and whether a route is for them: the only place that does (T16;
 * verifier-api.md section 1.2).
 *
 * <ol>
 *   <li>A header {@code Authorization} turns the certificate's identity off. No tokens are issued
 *       in pull mode, so whatever it holds is refused with 401, on public routes too.
 *   <li>A client certificate that the TLS handshake has verified, still valid and with a common
 *       name, is an administrator.
 *   <li>Everyone else is anonymous.
 * </ol>
 */
final class Gate {
  private final InstantSource clock;

  Gate(InstantSource clock) {
    this.clock = clock;
  }

  /** Let in as somebody, or turned away. */
  sealed interface Decision {
    record Admitted(Caller caller) implements Decision {}

    record Refused(Response response) implements Decision {}
  }

  /**
   * @param headers names in lower case
   * @param certificate verified by the handshake
   */
  Decision decide(
      Route route,
      Map<String, String> parameters,
      Map<String, String> headers,
      Optional<X509Certificate> certificate) {
    if (headers.containsKey("authorization")) {
      return new Decision.Refused(Response.denied(401, "Invalid authentication token"));
    }
    Caller caller =
        certificate
            .filter(this::isValidNow)
            .flatMap(Gate::commonName)
            .<Caller>map(Caller.Admin::new)
            .orElseGet(Caller.Anonymous::new);
    boolean allowed =
        switch (route.access()) {
          case PUBLIC -> true;
          case ADMIN -> caller instanceof Caller.Admin;
          case NODE_OR_ADMIN ->
              caller instanceof Caller.Admin
                  || (caller instanceof Caller.Node(String id) && id.equals(parameters.get("id")));
        };
    return allowed
        ? new Decision.Admitted(caller)
        : new Decision.Refused(
            Response.denied(
                403, "This action needs an administrator: present a client certificate"));
  }

  /** A connection may outlive the certificate it was opened with. */
  private boolean isValidNow(X509Certificate certificate) {
    try {
      certificate.checkValidity(Date.from(clock.instant()));
      return true;
    } catch (CertificateException e) {
      return false;
    }
  }

  static Optional<String> commonName(X509Certificate certificate) {
    try {
      return new LdapName(certificate.getSubjectX500Principal().getName())
          .getRdns().reversed().stream()
              .filter(rdn -> rdn.getType().equalsIgnoreCase("CN"))
              .map(Rdn::getValue)
              .filter(String.class::isInstance)
              .map(String.class::cast)
              .filter(name -> !name.isBlank())
              .findFirst();
    } catch (InvalidNameException e) {
      return Optional.empty();
    }
  }
}
