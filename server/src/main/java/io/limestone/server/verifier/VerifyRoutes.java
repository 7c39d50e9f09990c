package io.limestone.server.verifier;

import io.limestone.appraisal.Appraisal;
import io.limestone.appraisal.AttestationState;
import io.limestone.appraisal.Evidence;
import io.limestone.appraisal.Failure;
import io.limestone.appraisal.ReferenceValues;
import io.limestone.appraisal.Verdict;
import io.limestone.evidence.ImaSlice;
import io.limestone.keylime.EvidenceDocument;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.QuoteText;
import io.limestone.policy.AcceptedAlgorithms;
import io.limestone.policy.PcrPolicy;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.server.http.Access;
import io.limestone.server.http.Method;
import io.limestone.server.http.Request;
import io.limestone.server.http.Response;
import io.limestone.server.http.Route;
import io.limestone.tpm.SignedQuote;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.LongBytes;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * One-shot verification (verifier-api.md §2.8 and 2.9): public, so it may take no more than its
 * share of the machine, whoever asks. A long measurement list is decoded where it stands in the
 * request's body, and not echoed.
 */
final class VerifyRoutes {
  /** An unsigned selection stands: whoever asks one-shot has chosen the PCRs. */
  private static final PcrPolicy ANY_PCRS = new PcrPolicy(OptionalInt.empty(), new TreeMap<>());

  private static final List<String> NEEDED =
      List.of("quote", "nonce", "hash_alg", "tpm_ek", "tpm_ak");

  /** Bytes besides the measurement list, of which there are several copies for a while. */
  private static final int MOST_BESIDES =
      Math.clamp(Runtime.getRuntime().maxMemory() / 32, 1 << 20, 64 << 20);

  private final Fleet fleet;
  private final Appraisers appraisers;
  private final String bootPolicyName;
  private final ViolationPolicy violations;
  private final SeverityPolicy severities;
  private final InstantSource clock;
  private final Semaphore places =
      new Semaphore(2 * Runtime.getRuntime().availableProcessors(), true);

  VerifyRoutes(
      Fleet fleet,
      Appraisers appraisers,
      String bootPolicyName,
      ViolationPolicy violations,
      SeverityPolicy severities,
      InstantSource clock) {
    this.fleet = fleet;
    this.appraisers = appraisers;
    this.bootPolicyName = bootPolicyName;
    this.violations = violations;
    this.severities = severities;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(
        Route.of(Method.GET, "/v{version}/verify/identity", Access.PUBLIC, this::identity),
        Route.of(
            Method.POST,
            "/v{version}/verify/evidence",
            Access.PUBLIC,
            request -> {
              if (!places.tryAcquire(5, TimeUnit.SECONDS)) {
                return Response.error(503, "busy with other evidence");
              }
              try {
                LongBytes body = request.body();
                return appraisers.judgingForAnybody(() -> evidence(body));
              } finally {
                places.release();
              }
            }));
  }

  private Response identity(Request request) {
    for (String name : List.of("agent_uuid", "quote", "nonce", "hash_alg")) {
      if (request.query(name).isEmpty()) {
        return Response.error(400, "missing query parameter '" + name + "'");
      }
    }
    Optional<Watched> node = fleet.find(NodeId.parse(request.query("agent_uuid").orElseThrow()));
    if (node.isEmpty()) {
      return Response.error(404, "agent id not found");
    }
    TpmtPublic ak = node.get().enrolled().ak();
    Verdict verdict;
    try {
      SignedQuote quote = QuoteText.parse(request.query("quote").orElseThrow());
      verdict =
          Appraisal.appraise(
              evidence(
                  quote,
                  request.query("nonce").orElseThrow(),
                  request.query("hash_alg").orElseThrow(),
                  ak,
                  Optional.empty(),
                  Optional.empty()),
              reference(ak, node.get().enrolled().accepted(), ANY_PCRS),
              AttestationState.NONE);
    } catch (MalformedException e) {
      return Response.ok(invalid(String.valueOf(e.getMessage())));
    }
    return Response.ok(
        switch (verdict) {
          case Verdict.Trusted t -> Map.of("valid", 1);
          case Verdict.AskAgain again -> invalid(again.reason());
          case Verdict.Untrusted untrusted ->
              invalid(
                  untrusted.failures().stream()
                      .map(f -> f.check() + ": " + f.found())
                      .collect(Collectors.joining("; ")));
        });
  }

  private static Map<String, Object> invalid(String reason) {
    Map<String, Object> results = new LinkedHashMap<>();
    results.put("valid", 0);
    results.put("reason", reason);
    return results;
  }

  private Response evidence(LongBytes body) {
    EvidenceDocument.Body parts = EvidenceDocument.Body.of(body, MOST_BESIDES);
    JsonObject request = parts.request();
    if (!request.has("type")) {
      return Response.error(400, "missing parameter 'type'");
    }
    if (!request.has("data")) {
      return Response.error(400, "missing parameter 'data'");
    }
    JsonObject data = request.object("data");
    return switch (request.string("type")) {
      case "tpm" -> tpm(parts, data);
      case "tee" ->
          Response.error(
              400, "evidence of type tee (AMD SEV-SNP) is not supported by this verifier");
      default -> Response.error(400, "invalid evidence type");
    };
  }

  private Response tpm(EvidenceDocument.Body parts, JsonObject data) {
    for (String name : NEEDED) {
      if (!data.has(name)) {
        return incomplete("default.missing_param", "missing parameter '" + name + "'");
      }
    }
    if (List.of("tpm_policy", "runtime_policy", "mb_policy").stream()
        .allMatch(name -> data.members().get(name) == null)) {
      return incomplete("default.missing_policy", "no policy: nothing would be checked");
    }
    EvidenceDocument document;
    TpmtPublic ak;
    ReferenceValues reference;
    try {
      document = parts.document();
      ak = TpmtPublic.parse2b(document.akTpm());
      reference = reference(document, ak);
    } catch (MalformedException e) {
      return incomplete("qoute_validation.invalid_data", String.valueOf(e.getMessage()));
    }
    Verdict verdict =
        Appraisal.appraise(
            evidence(
                document.quote(),
                document.nonce(),
                document.hashAlg(),
                ak,
                document.imaList(),
                document.bootLog()),
            reference,
            AttestationState.NONE);
    return switch (verdict) {
      case Verdict.Trusted t -> Response.ok(result(true, parts.echo(Size.SMALL.most()), List.of()));
      case Verdict.AskAgain again ->
          Response.ok(
              result(false, Map.of(), List.of(event("ima.quote_progress", again.reason()))));
      case Verdict.Untrusted untrusted ->
          Response.ok(
              result(
                  false,
                  Map.of(),
                  untrusted.failures().stream().map(VerifyRoutes::event).toList()));
    };
  }

  private ReferenceValues reference(EvidenceDocument document, TpmtPublic ak) {
    return new ReferenceValues(
        ak,
        AcceptedAlgorithms.DEFAULT,
        document.tpmPolicy().map(PcrPolicy::parse).map(VerifyRoutes::asSigned).orElse(ANY_PCRS),
        document
            .runtimePolicy()
            .map(
                text ->
                    RuntimePolicy.ofUpload(
                        Bytes.of(text.getBytes(StandardCharsets.UTF_8)), Optional.empty(), false)),
        document.mbPolicy().map(text -> BootPolicy.of(bootPolicyName, text).at(clock.instant())),
        false,
        violations,
        severities);
  }

  /** The values count; the mask belongs to a request that was not ours. */
  private static PcrPolicy asSigned(PcrPolicy policy) {
    return new PcrPolicy(OptionalInt.empty(), policy.allowed());
  }

  private ReferenceValues reference(TpmtPublic ak, AcceptedAlgorithms accepted, PcrPolicy pcrs) {
    return new ReferenceValues(
        ak,
        accepted,
        pcrs,
        Optional.empty(),
        Optional.empty(),
        false,
        ViolationPolicy.STRICT,
        severities);
  }

  /** What is not declared in these requests is what the key says of itself. */
  private static Evidence evidence(
      SignedQuote quote,
      String nonce,
      String hashAlg,
      TpmtPublic ak,
      Optional<LongBytes> imaList,
      Optional<Bytes> bootLog) {
    return new Evidence(
        nonce,
        hashAlg,
        ak.keylimeAlg(),
        ak.scheme().map(s -> s.alg().keylimeName()).orElse(""),
        quote,
        Optional.empty(),
        imaList.map(text -> new ImaSlice(text, 0)),
        bootLog,
        OptionalLong.empty());
  }

  private static Response incomplete(String type, String message) {
    return Response.envelope(
        400, "Bad Request", result(false, Map.of(), List.of(event(type, message))));
  }

  private static Map<String, Object> result(
      boolean valid, Map<String, ?> claims, List<Map<String, Object>> failures) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("valid", valid);
    result.put("claims", claims);
    result.put("failures", failures);
    return result;
  }

  private static Map<String, Object> event(String type, String message) {
    return Map.of("type", type, "context", Map.of("message", message));
  }

  private static Map<String, Object> event(Failure failure) {
    return Map.of("type", failure.eventId(), "context", failure.context());
  }
}
