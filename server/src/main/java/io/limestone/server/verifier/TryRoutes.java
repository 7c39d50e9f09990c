package io.limestone.server.verifier;

import io.limestone.appraisal.Appraisal;
import io.limestone.appraisal.AttestationState;
import io.limestone.appraisal.ReferenceValues;
import io.limestone.appraisal.Verdict;
import io.limestone.keylime.NodeId;
import io.limestone.policy.PolicyRefusedException;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.server.http.Access;
import io.limestone.server.http.Method;
import io.limestone.server.http.Response;
import io.limestone.server.http.Route;
import io.limestone.server.store.Database;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /limestone/v1/try}: judges the evidence kept of each node by a draft, with the same
 * appraisal that polling uses. Some seconds' worth of nodes at a time; {@code next} says where to
 * go on. One at a time, on one core: polling has the others.
 */
final class TryRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(TryRoutes.class);
  private static final long PAGE = TimeUnit.SECONDS.toNanos(10);

  private final Database database;
  private final Policies policies;
  private final References references;
  private final KeptEvidence evidence;
  private final Fleet fleet;
  private final Appraisers appraisers;
  private final boolean signed;
  private final Semaphore place = new Semaphore(1, true);

  TryRoutes(
      Database database,
      Policies policies,
      References references,
      KeptEvidence evidence,
      Fleet fleet,
      Appraisers appraisers,
      boolean signed) {
    this.database = database;
    this.policies = policies;
    this.references = references;
    this.evidence = evidence;
    this.fleet = fleet;
    this.appraisers = appraisers;
    this.signed = signed;
  }

  List<Route> routes() {
    return List.of(
        Route.of(Method.GET, "/limestone/v1/evidence", Access.ADMIN, r -> kept()),
        Route.of(
            Method.POST,
            "/limestone/v1/try",
            Access.ADMIN,
            request -> {
              if (!place.tryAcquire(10, TimeUnit.SECONDS)) {
                return Response.error(503, "busy with another trial");
              }
              try {
                return page(request.json());
              } catch (PolicyRefusedException e) {
                return Response.error(e.status(), String.valueOf(e.getMessage()));
              } finally {
                place.release();
              }
            }));
  }

  private Response kept() {
    KeptEvidence.Amount amount = evidence.amount();
    long nodes = fleet.all().size();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("nodes", nodes);
    json.put("kept", amount.kept());
    json.put("skipped", amount.skipped());
    json.put("bytes", amount.bytes());
    json.put("most_bytes", amount.most());
    return Response.ok(json);
  }

  /**
   * What is tried: one of the two is there.
   *
   * @param sameLeave whether files may have run until they were replaced that may by the node's own
   *     policy
   */
  private record Draft(
      Policies.Kind kind,
      Optional<RuntimePolicy> runtime,
      Optional<BootPolicy> boot,
      boolean sameLeave) {
    ReferenceValues instead(Enrolled node, ReferenceValues of, References references) {
      return switch (kind) {
        case RUNTIME -> {
          Optional<RuntimePolicy> replaced =
              sameLeave ? references.replaced(node) : Optional.empty();
          yield references.values(
              node,
              runtime.map(p -> References.withKeys(node, replaced.map(p::after).orElse(p))),
              of.boot());
        }
        case BOOT -> references.values(node, of.runtime(), boot);
      };
    }
  }

  private Response page(JsonObject body) throws InterruptedException {
    Policies.Kind kind = RolloutRoutes.kind(body.optionalString("kind").orElse("runtime"));
    Draft draft = draft(kind, body);
    String after = body.optionalString("after").orElse("");
    List<Watched> nodes =
        NodesAsked.of(body).in(fleet, kind).stream()
            .filter(n -> id(n).compareTo(after) > 0)
            .toList();
    TryFindings findings = new TryFindings();
    long end = System.nanoTime() + PAGE;
    int done = 0;
    while (done < nodes.size() && (done == 0 || System.nanoTime() < end)) {
      judge(nodes.get(done), draft, findings);
      done++;
    }
    Map<String, @Nullable Object> json = findings.json();
    json.put("left", nodes.size() - done);
    json.put("next", done < nodes.size() ? id(nodes.get(done - 1)) : null);
    return Response.ok(json);
  }

  private Draft draft(Policies.Kind kind, JsonObject body) {
    Optional<String> stored = body.optionalString("stored");
    String text;
    if (stored.isPresent()) {
      String name = PolicyText.name(stored.get());
      text =
          database
              .read(
                  h ->
                      body.optionalInteger("version")
                          .map(n -> policies.text(h, kind, name, n))
                          .orElseGet(() -> policies.text(h, kind, name)))
              .orElseThrow(
                  () -> new MalformedException("there is no such " + kind.words() + ": " + name));
    } else {
      text = RolloutRoutes.content(kind, body, signed).text();
    }
    return switch (kind) {
      case RUNTIME ->
          new Draft(
              kind,
              Optional.of(former(body, RuntimePolicy.parse(utf8(text)))),
              Optional.empty(),
              body.has("same_leave") && body.bool("same_leave"));
      case BOOT -> new Draft(kind, Optional.empty(), references.bootPolicy(text), false);
    };
  }

  /** With leave, files that the policy {@code replacing} lists may have run until replaced. */
  private RuntimePolicy former(JsonObject body, RuntimePolicy draft) {
    Optional<String> replacing = body.optionalString("replacing");
    return replacing
        .map(
            name ->
                draft.after(
                    RuntimePolicy.parse(
                        utf8(
                            database
                                .read(h -> policies.text(h, Policies.Kind.RUNTIME, name))
                                .orElseThrow(
                                    () -> new MalformedException("no runtime policy " + name))))))
        .orElse(draft);
  }

  private static Bytes utf8(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String id(Watched node) {
    return node.enrolled().id().value();
  }

  private void judge(Watched node, Draft draft, TryFindings findings) throws InterruptedException {
    Optional<KeptEvidence.Kept> kept = kept(node.enrolled().id());
    if (kept.isEmpty()) {
      findings.nothingOf(node.enrolled().id());
      return;
    }
    KeptEvidence.Kept one = kept.get();
    ReferenceValues reference =
        draft.instead(node.enrolled(), references.of(node).values(), references);
    Verdict verdict =
        appraisers.judging(
            Integer.MAX_VALUE,
            () -> Appraisal.appraise(one.evidence(), reference, AttestationState.NONE));
    findings.add(node.enrolled().id(), one.at(), verdict);
  }

  /** What is not what was kept is as good as none, unless it was just being replaced. */
  private Optional<KeptEvidence.Kept> kept(NodeId node) {
    try {
      return evidence.of(node);
    } catch (MalformedException replaced) {
      try {
        return evidence.of(node);
      } catch (MalformedException e) {
        LOG.error("node {}: kept evidence cannot be read", node, e);
        return Optional.empty();
      }
    }
  }
}
